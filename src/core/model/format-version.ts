/** The version that this program writes. A reader refuses a newer one with a clear message. */
export const FORMAT_VERSION = 2;
