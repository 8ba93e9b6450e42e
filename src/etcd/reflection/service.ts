/** grpc.reflection.v1 and v1alpha: what this server speaks, for clients such as grpcurl that bring no files of their own. */
import { decode, encodeFramed } from '../../store/proto/codec.js';
import type { Draft, Message } from '../../store/proto/message.js';
import type { EtcdContext } from '../context.js';
import { service } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { Code } from '../grpc/status.js';
import { type DescribedFile, describeFiles } from './describe.js';
import { SERVICES } from './names.js';

/** The files are made when they are first asked for. */
class Catalogue {
  private made: readonly DescribedFile[] | undefined;

  get files(): readonly DescribedFile[] {
    const all = Object.entries(SERVICES).flatMap(([name, text]) => text.split(', ').map((line) => `/${name}/${line.split(' ')[0]}`));
    return (this.made ??= describeFiles(all));
  }

  /** A file and, before it, those that it needs. */
  closure(file: DescribedFile, into = new Set<DescribedFile>()): Set<DescribedFile> {
    for (const name of file.dependencies) this.closure(this.files.find((f) => f.name === name)!, into);
    return into.add(file);
  }

  withName = (name: string): DescribedFile | undefined => this.files.find((f) => f.name === name);

  /** `symbol` may be a field of a message. */
  withSymbol = (symbol: string): DescribedFile | undefined =>
    this.files.find((f) => f.symbols.includes(symbol) || f.symbols.includes(symbol.slice(0, symbol.lastIndexOf('.'))));
}

export function reflectionService(_: EtcdContext): [string, Method][] {
  const catalogue = new Catalogue();
  const method: Method = {
    kind: 'stream',
    open: (call) => ({
      message(bytes) {
        const request = decode('ServerReflectionRequest', bytes);
        const found = answer(catalogue, request);
        call.send(encodeFramed('ServerReflectionResponse', { validHost: request.host, originalRequest: request, ...found }));
      },
      end: () => call.end(),
      gone() {},
    }),
  };
  return ['v1', 'v1alpha'].flatMap((version) => service(`grpc.reflection.${version}.ServerReflection`, { ServerReflectionInfo: method }));
}

function answer(catalogue: Catalogue, r: Message<'ServerReflectionRequest'>): Draft<'ServerReflectionResponse'> {
  if (r.fileByFilename !== '') return fileOr(catalogue, catalogue.withName(r.fileByFilename), `File not found: ${r.fileByFilename}`);
  if (r.fileContainingSymbol !== '')
    return fileOr(catalogue, catalogue.withSymbol(r.fileContainingSymbol), `Symbol not found: ${r.fileContainingSymbol}`);
  if (r.fileContainingExtension) return notFound(`Extension not found: ${r.fileContainingExtension.containingType}`);
  if (r.allExtensionNumbersOfType !== '')
    return catalogue.withSymbol(r.allExtensionNumbersOfType)
      ? { allExtensionNumbersResponse: { baseTypeName: r.allExtensionNumbersOfType } }
      : notFound(`Type not found: ${r.allExtensionNumbersOfType}`);
  return { listServicesResponse: { service: Object.keys(SERVICES).map((name) => ({ name })) } };
}

const fileOr = (catalogue: Catalogue, file: DescribedFile | undefined, text: string): Draft<'ServerReflectionResponse'> =>
  file ? { fileDescriptorResponse: { fileDescriptorProto: [...catalogue.closure(file)].map((f) => f.bytes) } } : notFound(text);

const notFound = (errorMessage: string): Draft<'ServerReflectionResponse'> => ({
  errorResponse: { errorCode: Code.notFound, errorMessage },
});
