import type { InspectionRequest } from '../services/mediaInspector.js';

export interface ImageSettings {
  /** Longest side of a stored image, in pixels. */
  maxSide: number;
  /** 1 to 100, for JPEG and WebP. */
  quality: number;
}

/** A request with the settings of the server, as it is sent to a worker process. */
export interface WorkerRequest extends InspectionRequest {
  settings: ImageSettings;
}
