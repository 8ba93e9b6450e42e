/** The annotation of a mirror Pod: what the API shows of a static Pod, made by the kubelet that runs it. */
export const MIRROR = 'kubernetes.io/config.mirror';
