/**
 * The text of OPEN.md in an encrypted export. It is the same for every backup, because everybody can read it. Every `sh` block runs as it is; IDENTITY and OPENED may be set
 * before.
 */
export const OPEN_TEXT = `# How to open this export

This folder is a backup that is encrypted with age (age-encryption.org). Its files are \`0.age\`, \`1.age\` and so on. \`KEYS.age\` has
the key that opens them, and is itself encrypted for those who may read the backup.

## With migbackup

Do not unpack the exported file. \`verify\`, \`show\`, \`restore\` and the other commands take it in place of an ID, with your key:

\`\`\`text
migbackup verify FILE --identity KEY-FILE
migbackup restore FILE --identity KEY-FILE --dry-run
MIGBACKUP_PASSPHRASE_FILE=FILE-WITH-PASSPHRASE migbackup verify FILE
\`\`\`

## Without migbackup

This needs a POSIX shell, sha256sum, and age 1.1 or newer (1.3 or newer for keys that begin with AGE-SECRET-KEY-PQ-1). Run the blocks
in one shell, in this folder.

1. Name your key: a file with an age identity, or an SSH private key. Leave IDENTITY empty if it is a passphrase, which age asks for.
   OPENED is a new folder for the backup, which is not encrypted any more there.

\`\`\`sh
IDENTITY="\${IDENTITY:-}"
OPENED="\${OPENED:-$HOME/opened-backup}"
\`\`\`

2. Decrypt the key of this backup. It is kept in a variable of this shell alone:

\`\`\`sh
if [ -n "$IDENTITY" ]; then KEY=$(age -d -i "$IDENTITY" KEYS.age); else KEY=$(age -d KEYS.age); fi || exit 1
decrypt() { printf '%s\\n' "$KEY" | age -d -i - "$1"; }
\`\`\`

3. Decrypt the list of the files, which says in its first line which file \`1.age\` is, in its second line which one \`2.age\` is, and so on:

\`\`\`sh
(umask 077 && mkdir "$OPENED" "$OPENED/checksums") || exit 1
decrypt 0.age > "$OPENED/checksums/ARTIFACTS.sha256" || exit 1
\`\`\`

4. Decrypt the files, and check them:

\`\`\`sh
N=0
while read -r SUM NAME; do
  N=$((N + 1))
  case "$NAME" in
    checksums/SHA256SUMS) ;;
    */* | .*) echo "refused: $NAME" >&2; exit 1 ;;
  esac
  decrypt "$N.age" > "$OPENED/$NAME" || exit 1
done < "$OPENED/checksums/ARTIFACTS.sha256"
(cd "$OPENED" && sha256sum --check --quiet checksums/ARTIFACTS.sha256) || exit 1
\`\`\`

5. Go there. RESTORE_PROCEDURES.md says how to go on, with migbackup or without:

\`\`\`sh
cd "$OPENED" || exit 1
\`\`\`

Remove that folder when you have finished.
`;
