/** Stands for `@react-native-community/netinfo` in a page: the network never changes. */
export default { addEventListener: () => () => undefined };
