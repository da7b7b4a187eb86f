// The doors of the editors that answer questions: what is asked is kept nowhere.
import { headers } from '../page.js';

/** Ask the door at `url`; return its answer, none where it gives none. */
export async function post(url, body) {
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { ...headers(), Accept: 'application/json', 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}

/** Return a function that tells in words what differs between two contents of the file of `draft`. */
export function differing(draft) {
  const url = `/studio/revisions/${draft.info.revision}/differences`;
  return async (before, after) => (await post(url, { path: draft.path, before, after }))?.changes ?? null;
}
