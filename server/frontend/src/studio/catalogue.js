// The pick lists of the panel, as the server knows them for this draft.
import { headers } from '../page.js';

/** Return the lists from `address`; none where there is no address or no answer, so that drawing goes on without them. */
export async function fetched(address) {
  if (!address) return {};
  try {
    const reply = await fetch(address, { headers: { ...headers(), Accept: 'application/json' } });
    return reply.ok ? await reply.json() : {};
  } catch {
    return {};
  }
}
