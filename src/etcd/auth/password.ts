/** Passwords as etcd keeps them: bcrypt, whose cost is the operator's choice. */
import { compare, encodeBase64, hash } from 'bcryptjs';
import type { Random } from '../../util/random.js';
import { Code, GrpcError } from '../grpc/status.js';

/** bcrypt's bounds, and what etcd takes where nothing or something else was asked for. */
export const BCRYPT_COST = { min: 4, max: 31, default: 10 } as const;

const SALT_BYTES = 16;
/** bcrypt looks at no more. */
const MAX_BYTES = 72;

export async function hashPassword(password: string, cost: number, random: Random): Promise<Uint8Array> {
  if (new TextEncoder().encode(password).length > MAX_BYTES)
    throw new GrpcError(Code.unknown, `bcrypt: password length exceeds ${MAX_BYTES} bytes`);
  const salt = `$2a$${String(cost).padStart(2, '0')}$${encodeBase64([...random.bytes(SALT_BYTES)], SALT_BYTES)}`;
  return new TextEncoder().encode(await hash(password, salt));
}

/** False also where `hashed` is no bcrypt hash: such a user cannot log in. */
export async function isPassword(password: string, hashed: Uint8Array): Promise<boolean> {
  if (hashed.length === 0) return false;
  return compare(password, new TextDecoder().decode(hashed)).catch(() => false);
}
