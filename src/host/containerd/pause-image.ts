/**
 * The sandbox ("pause") image, made here byte by byte, so that no pod needs a pull or a compiler. Its one program holds the pod's namespaces:
 * it ignores SIGCHLD, which makes the kernel reap the orphans of a shared process namespace, leaves on SIGTERM and SIGINT, and sleeps.
 */
import { table } from '../../util/own.js';
import type { ImageRecipe } from './oci-image.js';

export const PAUSE_IMAGE = 'k8ts.local/pause:1';

const BASE = 0x400000n;
const ELF_HEADER = 64;
const PROGRAM_HEADER = 56;
const CODE = ELF_HEADER + PROGRAM_HEADER;
const SIGINT = 2;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIG_IGN = 1n;
const SA_RESTORER = 0x04000000n;

interface Machine {
  /** e_machine of the ELF header. */
  readonly elf: number;
  /** The program: `handler` is the address of the code that ends the process, `actions` of the two sigactions (ignore, handle). */
  readonly code: (actions: bigint, handlerOffset: (offset: number) => void) => Buffer;
}

/** x86-64: rt_sigaction is 13, pause 34, exit 60. */
function amd64(actions: bigint, handlerOffset: (offset: number) => void): Buffer {
  const u32 = (n: bigint | number) => {
    const b = Buffer.alloc(4);
    b.writeUInt32LE(Number(n));
    return b;
  };
  const sigaction = (signal: number, action: bigint) =>
    Buffer.concat([
      Buffer.from([0xb8]),
      u32(13), // mov eax, 13
      Buffer.from([0xbf]),
      u32(signal), // mov edi, signal
      Buffer.from([0xbe]),
      u32(action), // mov esi, action
      Buffer.from([0x31, 0xd2]), // xor edx, edx
      Buffer.from([0x41, 0xba]),
      u32(8), // mov r10d, 8
      Buffer.from([0x0f, 0x05]), // syscall
    ]);
  const setup = Buffer.concat([sigaction(SIGCHLD, actions), sigaction(SIGTERM, actions + 32n), sigaction(SIGINT, actions + 32n)]);
  const sleep = Buffer.from([0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]); // mov eax, 34; syscall; jmp back
  handlerOffset(setup.length + sleep.length);
  return Buffer.concat([setup, sleep, Buffer.from([0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05])]); // mov eax, 60; xor edi, edi; syscall
}

/** arm64: rt_sigaction is 134, ppoll 73, exit 93. */
function arm64(actions: bigint, handlerOffset: (offset: number) => void): Buffer {
  const movz = (register: number, value: bigint, half = 0) => 0xd2800000 + half * 0x200000 + Number(value & 0xffffn) * 32 + register;
  const movk = (register: number, value: bigint, half: number) => 0xf2800000 + half * 0x200000 + Number(value & 0xffffn) * 32 + register;
  const SVC = 0xd4000001;
  const sigaction = (signal: number, action: bigint) => [
    movz(0, BigInt(signal)),
    movz(1, action),
    movk(1, action >> 16n, 1),
    movz(2, 0n),
    movz(3, 8n),
    movz(8, 134n),
    SVC,
  ];
  const setup = [...sigaction(SIGCHLD, actions), ...sigaction(SIGTERM, actions + 32n), ...sigaction(SIGINT, actions + 32n)];
  const sleep = [movz(0, 0n), movz(1, 0n), movz(2, 0n), movz(3, 0n), movz(8, 73n), SVC, 0x17fffffa]; // b six instructions back
  const exit = [movz(0, 0n), movz(8, 93n), SVC];
  handlerOffset((setup.length + sleep.length) * 4);
  const code = Buffer.alloc((setup.length + sleep.length + exit.length) * 4);
  for (const [i, word] of [...setup, ...sleep, ...exit].entries()) code.writeUInt32LE(word >>> 0, i * 4);
  return code;
}

const MACHINES: Readonly<Record<string, Machine>> = table({ amd64: { elf: 62, code: amd64 }, arm64: { elf: 183, code: arm64 } });

/** A static ELF executable of one segment: headers, code, and the two kernel sigaction structures behind it. */
export function pauseProgram(architecture: string): Buffer {
  const machine = MACHINES[architecture];
  if (!machine)
    throw new Error(`no pause program for architecture ${architecture}: k8ts has one for ${Object.keys(MACHINES).join(' and ')}`);
  let handler = 0;
  const length = machine.code(0n, () => {}).length;
  const dataOffset = Math.ceil((CODE + length) / 16) * 16;
  const code = machine.code(BASE + BigInt(dataOffset), (offset) => {
    handler = offset;
  });
  const total = dataOffset + 64;
  const file = Buffer.alloc(total);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file); // 64 bit, little endian
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machine.elf, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BASE + BigInt(CODE), 24); // entry
  file.writeBigUInt64LE(BigInt(ELF_HEADER), 32); // program headers
  file.writeUInt16LE(ELF_HEADER, 52);
  file.writeUInt16LE(PROGRAM_HEADER, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt32LE(1, ELF_HEADER); // PT_LOAD
  file.writeUInt32LE(5, ELF_HEADER + 4); // readable and executable
  file.writeBigUInt64LE(BASE, ELF_HEADER + 16);
  file.writeBigUInt64LE(BASE, ELF_HEADER + 24);
  file.writeBigUInt64LE(BigInt(total), ELF_HEADER + 32);
  file.writeBigUInt64LE(BigInt(total), ELF_HEADER + 40);
  file.writeBigUInt64LE(0x1000n, ELF_HEADER + 48);
  code.copy(file, CODE);
  const handlerAddress = BASE + BigInt(CODE + handler);
  file.writeBigUInt64LE(SIG_IGN, dataOffset);
  file.writeBigUInt64LE(handlerAddress, dataOffset + 32); // handler, flags, restorer (never returned to), mask
  file.writeBigUInt64LE(SA_RESTORER, dataOffset + 40);
  file.writeBigUInt64LE(handlerAddress, dataOffset + 48);
  return file;
}

export const pauseImage = (architecture: string): ImageRecipe => ({
  name: PAUSE_IMAGE,
  architecture,
  files: [{ path: 'pause', data: pauseProgram(architecture), mode: 0o755 }],
  config: { Entrypoint: ['/pause'], Env: ['PATH=/'], User: '65535:65535' },
});
