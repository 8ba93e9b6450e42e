/** How many descriptors this process may hold open. */
import fs from 'node:fs';

function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined || soft === 'unlimited' ? 65_536 : Number(soft);
  } catch {
    return 1024;
  }
}

/** For a lesser listener: at most `most`, and a part of all. What is left is the API's. */
export const descriptors = (most: number, part = 1 / 16): number => Math.max(8, Math.min(most, Math.floor(openFilesLimit() * part)));
