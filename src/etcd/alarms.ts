/** Alarms: raised by the quota or by an operator, kept with the store, and put down by an operator alone. */
import { maintenanceOf } from '../store/maintenance.js';
import type { Store } from '../store/store.js';
import { errors } from './grpc/status.js';

export const Alarm = { none: 0, noSpace: 1, corrupt: 2 } as const;
const NAMES = new Map<number, string>([
  [Alarm.noSpace, 'NOSPACE'],
  [Alarm.corrupt, 'CORRUPT'],
]);

/** Its name in the API; undefined where there is no such alarm. */
export const alarmName = (alarm: number): string | undefined => NAMES.get(alarm);

const NOTE = 'etcd/alarms';
/** Writes between two looks at the size. */
const LOOK_EVERY = 64;

/** The alarms among a store's notes, and the note for them. */
export const alarmsOf = (notes: Iterable<readonly [string, Uint8Array]>): number[] =>
  [...notes].flatMap(([name, value]) => (name === NOTE ? [...value] : []));
export const alarmNote = (alarms: Iterable<number>): readonly [string, Uint8Array] => [NOTE, Uint8Array.from(alarms)];

export class AlarmBook {
  private readonly raised = new Set<number>();
  private writes = 0;

  constructor(
    private readonly store: Store,
    private readonly quota: number,
  ) {
    for (const alarm of maintenanceOf(store)?.note(NOTE) ?? []) this.raised.add(alarm);
  }

  /** A store whose disk failed takes no writes until it is opened again: to clients that is the alarm for no space. */
  get list(): readonly number[] {
    const failed = maintenanceOf(this.store)?.failure !== undefined;
    return [...new Set(failed ? [...this.raised, Alarm.noSpace] : this.raised)].sort();
  }

  /** Whether `checkSpace` has to be asked: most writes need not wait for it. */
  get mustCheckSpace(): boolean {
    return this.raised.has(Alarm.noSpace) || (this.quota > 0 && this.writes++ % LOOK_EVERY === 0);
  }

  /** Throws while somebody says that the data is corrupt: nothing is written on top of it. */
  checkCorrupt(): void {
    if (this.raised.has(Alarm.corrupt)) throw errors.corrupt();
  }

  /** Throws where there is no room for a write. */
  async checkSpace(): Promise<void> {
    if (this.raised.has(Alarm.noSpace)) throw errors.noSpace();
    if ((await this.store.status()).size < this.quota) return;
    await this.raise(Alarm.noSpace);
    throw errors.noSpace();
  }

  async raise(alarm: number): Promise<void> {
    if (this.raised.has(alarm)) return;
    this.raised.add(alarm);
    await this.save();
  }

  async disarm(alarm: number): Promise<boolean> {
    if (!this.raised.delete(alarm)) return false;
    this.writes = 0;
    await this.save();
    return true;
  }

  private async save(): Promise<void> {
    await maintenanceOf(this.store)?.setNote(...alarmNote(this.raised));
  }
}
