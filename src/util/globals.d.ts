// WebCrypto's names are global in every engine; Node's types keep them under node:crypto.
declare global {
  type CryptoKey = import('node:crypto').webcrypto.CryptoKey;
  type CryptoKeyPair = import('node:crypto').webcrypto.CryptoKeyPair;
}

export {};
