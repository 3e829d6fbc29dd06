import { registerRootComponent } from 'expo';
import type { ReactNode } from 'react';
import { KeyboardAvoidingView, Platform, StyleSheet } from 'react-native';
import { SafeAreaProvider, SafeAreaView } from 'react-native-safe-area-context';
import { App } from '../src/App';
import { followLinks } from '../src/platform/route';
import { followNotifications } from '../src/platform/notifications';

followLinks();
followNotifications();

function Root(): ReactNode {
  return (
    <SafeAreaProvider>
      <SafeAreaView style={styles.fill}>
        {/* Android makes the window smaller by itself. */}
        <KeyboardAvoidingView behavior={Platform.OS === 'ios' ? 'padding' : undefined} style={styles.fill}>
          <App />
        </KeyboardAvoidingView>
      </SafeAreaView>
    </SafeAreaProvider>
  );
}

const styles = StyleSheet.create({ fill: { flex: 1 } });

registerRootComponent(Root);
