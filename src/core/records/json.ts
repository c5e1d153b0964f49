/*
 * Room "records": what known files and databases mean. It recognises by content and never guesses, and it reads bytes that others hand to it: it opens
 * no file of a project and no archive of a backup by itself.
 */

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
