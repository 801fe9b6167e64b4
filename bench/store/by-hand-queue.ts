import type { ChatMessage } from "../chat-message.ts";

/** Where the producer and the worker of the way by hand meet. */
export const byHandQueue = "messages";

/** What a job carries: all of the message, and its seq where there is one. */
export type ByHandJob = ChatMessage & { seq: number | null };
