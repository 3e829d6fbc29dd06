export { Acquaintance, hasWritten, haveBothWritten } from './acquaintance.js';
export { BlockDirectory } from './blockDirectory.js';
export { PersonalView, type PersonalViewer } from './personalView.js';
export { type Relationship, PrivacyPolicy } from './privacyPolicy.js';
export { Restrictions, type Shadow } from './restrictions.js';
export { type SeenMessage, withoutReactions, withShadowChanges, withShadowPins } from './shadowChanges.js';
export { MAX_SHADOW_ACTIONS, MAX_SHADOW_CHANGES, ShadowView } from './shadowView.js';
export { createViewerRules, type ViewerRules } from './viewerRules.js';
export { type OwnMember, type Viewer, Visibility } from './visibility.js';
