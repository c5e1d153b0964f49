/** The version this program writes. A reader refuses anything newer with a clear message. */
export const FORMAT_VERSION = 2;
