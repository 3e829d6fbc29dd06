/** Thrown where a task may stop: all work so far is consistent. */
export class Stopped extends Error {}

/** Thrown when a task cannot run and has changed nothing. The message is a sentence for the operator. */
export class CannotRun extends Error {}
