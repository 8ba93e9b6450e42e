/**
 * What a simulated image does. A container of it runs, ends, fails or serves as its behaviour says: declared, or as a JavaScript function.
 * Images without a behaviour of their own run for ever, are ready, and answer every HTTP request with 200.
 */
import type { Clock } from '../../util/clock.js';

export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly port: number;
}

export interface SimulatedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A container as its behaviour sees it. */
export interface SimulatedContainer {
  readonly id: string;
  readonly name: string;
  readonly podName: string;
  readonly namespace: string;
  readonly podIP: string;
  readonly hostname: string;
  /** How often it was started before. */
  readonly attempt: number;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /** Aborts when the container is asked to stop. */
  readonly stopped: AbortSignal;
  /** A line of its log. */
  log(line: string, stream?: 'stdout' | 'stderr'): void;
  /** A file of its volumes. Rejects where there is none. */
  readFile(path: string): Promise<Uint8Array>;
  writeFile(path: string, data: string): Promise<void>;
  /** Milliseconds; ends early when the container is stopped. */
  sleep(ms: number): Promise<void>;
  /** Asks another pod over the simulated network. */
  fetch(host: string, port: number, request: Partial<SimulatedRequest>): Promise<SimulatedResponse>;
  /** Its last words, for the pod's status. */
  terminationMessage(text: string): Promise<void>;
}

export interface SimulatedExec {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface Behaviour {
  /** The pull fails in these words, or takes a while. */
  readonly pull?: { readonly error?: string; readonly takesMs?: number; readonly sizeBytes?: number };
  /** Create or start fails, as with a command that is not there. */
  readonly createError?: string;
  readonly startError?: string;
  /** User that the image names. */
  readonly user?: number | string;
  /** The program: resolves with the exit code. Wins over `exit`. */
  readonly run?: (container: SimulatedContainer) => Promise<number> | number;
  /** Ends by itself. */
  readonly exit?: { readonly afterMs: number; readonly code: number; readonly message?: string };
  /** How it takes the stop signal: after so long, with this code; `ignore`: only SIGKILL ends it. */
  readonly stop?: 'ignore' | { readonly takesMs: number; readonly code?: number };
  /** Lines written at the start. */
  readonly logs?: readonly string[];
  /** Ports that it listens on; absent: every port. */
  readonly ports?: readonly number[];
  readonly http?: (request: SimulatedRequest, container: SimulatedContainer) => SimulatedResponse | Promise<SimulatedResponse>;
  readonly exec?: (command: readonly string[], container: SimulatedContainer, stdin: Uint8Array) => SimulatedExec | Promise<SimulatedExec>;
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
}

type Pattern = string | RegExp;

/** Behaviours by image. A string matches the name with or without its tag; what was added last wins. */
export class ImageBehaviours {
  private readonly list: { readonly pattern: Pattern; readonly behaviour: Behaviour }[] = [];

  add(pattern: Pattern, behaviour: Behaviour): this {
    this.list.unshift({ pattern, behaviour });
    return this;
  }

  find(image: string): Behaviour {
    const short = shortName(image);
    return (
      this.list.find(({ pattern }) =>
        typeof pattern === 'string' ? pattern === image || pattern === short || shortName(pattern) === short : pattern.test(image),
      )?.behaviour ?? {}
    );
  }
}

/** Without tag, digest and the default registry. */
function shortName(image: string): string {
  const plain = image.split('@', 1)[0]!.replace(/:[^/:]*$/, '');
  return plain.replace(/^docker\.io\/(library\/)?/, '');
}
