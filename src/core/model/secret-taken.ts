/** Code of the finding about a file that may hold secrets and was taken along. */
export const SECRET_TAKEN = 'secret-taken';
