/** How many calls began and how they ended, by method: grpc_server_started_total and grpc_server_handled_total. */
import type { Methods } from './router.js';

/** The names of the codes, from 0 on. */
const CODES =
  'OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated'.split(
    ' ',
  );

/** The counts of one method. */
export class MethodCount {
  started = 0;
  ok = 0;
  readonly failed = new Map<number, number>();

  fail(code: number): void {
    this.failed.set(code, (this.failed.get(code) ?? 0) + 1);
  }
}

export class CallCounts {
  private readonly counts = new Map<string, MethodCount>();

  constructor(private readonly methods: Methods) {
    for (const path of methods.keys()) this.counts.set(path, new MethodCount());
  }

  /** Of a path that is served. */
  of(path: string): MethodCount {
    return this.counts.get(path)!;
  }

  /** Lines of the metrics page: of methods that were called. */
  render(): string[] {
    const started: string[] = [];
    const handled: string[] = [];
    for (const [path, count] of this.counts) {
      if (count.started === 0) continue;
      const [, service = '', name = ''] = path.split('/');
      const labels = `grpc_method="${name}",grpc_service="${service}",grpc_type="${this.methods.get(path)!.kind === 'unary' ? 'unary' : 'bidi_stream'}"`;
      started.push(`grpc_server_started_total{${labels}} ${count.started}`);
      const ended = count.ok > 0 ? [[0, count.ok] as const, ...count.failed] : [...count.failed];
      for (const [code, n] of ended) handled.push(`grpc_server_handled_total{grpc_code="${CODES[code] ?? code}",${labels}} ${n}`);
    }
    const head = (name: string, help: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} counter`];
    return [
      ...head('grpc_server_started_total', 'Calls that began.'),
      ...started,
      ...head('grpc_server_handled_total', 'Calls that ended, by how.'),
      ...handled,
    ];
  }
}
