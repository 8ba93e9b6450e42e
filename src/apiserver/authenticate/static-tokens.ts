/** Tokens of a file (--token-auth-file): CSV lines `token,user,uid,"group1,group2"`. */
import { parse } from 'csv-parse/sync';
import type { UserInfo } from '../request.js';

/** By token. Throws for text that is not CSV and for lines that are too short. */
export function staticTokens(csv: string): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  const records = parse(csv, { relaxColumnCount: true, skipEmptyLines: true, recordDelimiter: ['\r\n', '\n'] }) as string[][];
  for (const [token = '', name = '', uid, groups] of records) {
    if (uid === undefined)
      throw new RangeError(
        `a line of the token file must have at least 3 columns (token, user name, user uid): the one of user ${JSON.stringify(name)} has fewer`,
      );
    // A line without a token is left out: nobody may come in with none.
    if (token) users.set(token, { name, ...(uid ? { uid } : {}), groups: groups === undefined ? [] : groups.split(',') });
  }
  return users;
}
