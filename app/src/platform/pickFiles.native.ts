import { getDocumentAsync } from 'expo-document-picker';
import {
  launchCameraAsync,
  launchImageLibraryAsync,
  requestCameraPermissionsAsync,
  type ImagePickerAsset,
  type ImagePickerResult,
} from 'expo-image-picker';
import type { PickedFile } from '@parley/react-native';

/** Photos that are chosen at once: each becomes an attachment of the same message. */
const MAX_PHOTOS = 10;

const photoOf = ({ uri, fileName, mimeType, fileSize }: ImagePickerAsset): PickedFile => ({
  kind: 'image',
  uri,
  name: fileName ?? uri.slice(uri.lastIndexOf('/') + 1),
  mimeType: mimeType ?? 'image/jpeg',
  sizeBytes: fileSize,
});

const photosOf = ({ assets }: ImagePickerResult): PickedFile[] => (assets ?? []).map(photoOf);

async function takePhoto(): Promise<PickedFile[]> {
  const { granted } = await requestCameraPermissionsAsync();
  return granted ? photosOf(await launchCameraAsync({ mediaTypes: 'images' })) : [];
}

async function pickDocuments(): Promise<PickedFile[]> {
  // A copy stays readable until it is uploaded, which may be after a restart; an address of another app may not.
  const { assets } = await getDocumentAsync({ multiple: true, copyToCacheDirectory: true });
  return (assets ?? []).map(({ uri, name, mimeType = 'application/octet-stream', size }) => ({
    kind: mimeType.startsWith('image/') ? 'image' : 'file',
    uri,
    name,
    mimeType,
    sizeBytes: size,
  }));
}

/** Lets the user choose files. Resolves with nothing after a cancellation or without a permission. */
export async function pickFiles(source: 'photos' | 'camera' | 'files'): Promise<readonly PickedFile[]> {
  if (source === 'camera') return takePhoto();
  if (source === 'files') return pickDocuments();
  return photosOf(
    await launchImageLibraryAsync({
      mediaTypes: 'images',
      allowsMultipleSelection: true,
      selectionLimit: MAX_PHOTOS,
    }),
  );
}
