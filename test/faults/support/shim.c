/*
 * A shim for LD_PRELOAD. It counts the calls by which a process changes what is below SHIM_ROOT, whichever thread makes them, and does to
 * the SHIM_AT-th what SHIM_KIND says:
 *
 *   kill   SIGKILL instead of the call
 *   torn   the first half of a write, then SIGKILL; any other call: as kill
 *   fill   all room, bytes and inodes, is taken by files of the folder SHIM_FILL, as by somebody else; then the call is made
 *   cut    the file system of SHIM_ROOT goes down with nothing flushed, as by a power cut (FS_IOC_SHUTDOWN), then SIGKILL
 *
 * SHIM_AT=0 with SHIM_KIND=cut cuts at once. SHIM_DROP=call:text,... names calls whose path contains the text: they do nothing and answer
 * success, here and in child processes - a named defect. SHIM_LOG is a file that gets one line a call:
 *   number, nanoseconds at begin and end, call, path, second path; the call that was hit begins with "!", a dropped one with "-".
 *
 * Child processes are not counted: the commands under test change nothing through them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FS_IOC_SHUTDOWN _IOR('X', 125, unsigned)
#define SHUTDOWN_NO_LOG_FLUSH 2

static const char *root, *drop, *fill;
static size_t root_length;
static char kind[16];
static long at = -1, count;
static int log_fd = -1, is_child;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum verdict { GO, DROPPED, TORN };
struct call {
  long number, begin;
  const char *name;
  char first[PATH_MAX], second[PATH_MAX];
};

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void cut_power(void) {
  unsigned how = SHUTDOWN_NO_LOG_FLUSH;
  int fd = syscall(SYS_openat, AT_FDCWD, root, O_RDONLY | O_CLOEXEC, 0);
  if (fd >= 0 && ioctl(fd, FS_IOC_SHUTDOWN, &how) == 0) return;
  perror("shim: the power cannot be cut");
  _exit(99);
}

static void fill_disk(void) {
  static const char zeros[1 << 16];
  for (int file = 0;; file++) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%d", fill, file);
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    for (size_t size = sizeof zeros; size > 0;) {
      if (syscall(SYS_write, fd, zeros, size) <= 0) size /= 2;
    }
    syscall(SYS_close, fd);
  }
}

__attribute__((constructor)) static void begin_process(void) {
  root = getenv("SHIM_ROOT");
  if (root == NULL) return;
  root_length = strlen(root);
  drop = getenv("SHIM_DROP");
  fill = getenv("SHIM_FILL");
  is_child = getenv("SHIM_MAIN") != NULL;
  setenv("SHIM_MAIN", "1", 1);
  if (is_child) return;
  const char *text = getenv("SHIM_KIND");
  if (text != NULL) snprintf(kind, sizeof kind, "%s", text);
  if ((text = getenv("SHIM_AT")) != NULL) at = atol(text);
  if ((text = getenv("SHIM_LOG")) != NULL) {
    int fd = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, fd);
  }
  if (at == 0 && strcmp(kind, "cut") == 0) {
    cut_power();
    die();
  }
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void note(const struct call *call, const char *mark) {
  if (log_fd < 0) return;
  char line[2 * PATH_MAX + 128];
  int length = snprintf(line, sizeof line, "%s%ld\t%ld\t%ld\t%s\t%s\t%s\n", mark, call->number, call->begin, now(),
                        call->name, call->first, call->second);
  syscall(SYS_write, log_fd, line, length);
}

static int is_inside(const char *path) {
  return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == '\0');
}

static int is_dropped(const struct call *call) {
  size_t length = strlen(call->name);
  for (const char *rule = drop; rule != NULL && *rule != '\0';) {
    size_t all = strcspn(rule, ",");
    if (all > length && strncmp(rule, call->name, length) == 0 && rule[length] == ':') {
      char text[256];
      snprintf(text, sizeof text, "%.*s", (int)(all - length - 1), rule + length + 1);
      if (strstr(call->first, text) != NULL || strstr(call->second, text) != NULL) return 1;
    }
    rule += all + (rule[all] == ',');
  }
  return 0;
}

/* The path of a descriptor, or of a name below one. */
static void path_of(char *out, int fd, const char *name) {
  char link[64], folder[PATH_MAX];
  if (name != NULL && (name[0] == '/' || fd == AT_FDCWD)) {
    snprintf(out, PATH_MAX, "%s", name);
    return;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlink, link, folder, sizeof folder - 1);
  folder[length < 0 ? 0 : length] = '\0';
  if (name == NULL) snprintf(out, PATH_MAX, "%s", folder);
  else snprintf(out, PATH_MAX, "%.*s/%s", (int)(PATH_MAX - strlen(name) - 2), folder, name);
}

/* Decides what becomes of a call whose paths are filled in. */
static enum verdict judge(struct call *call, const char *name) {
  call->number = 0;
  call->name = name;
  if (root == NULL || (!is_inside(call->first) && !is_inside(call->second))) return GO;
  if (is_dropped(call)) {
    note(call, "-");
    return DROPPED;
  }
  if (is_child) return GO;
  enum verdict verdict = GO;
  pthread_mutex_lock(&lock);
  call->number = ++count;
  call->begin = now();
  if (call->number == at) {
    note(call, "!");
    if (strcmp(kind, "fill") == 0) {
      fill_disk();
    } else {
      if (strcmp(kind, "cut") == 0) cut_power();
      if (strcmp(kind, "torn") != 0 || strcmp(name, "write") != 0) die();
      verdict = TORN;
    }
  }
  pthread_mutex_unlock(&lock);
  return verdict;
}

static void done(const struct call *call) {
  if (call->number > 0) {
    int saved = errno;
    note(call, "");
    errno = saved;
  }
}

#define REAL(name) ((__typeof__(&name))({ static void *real; if (real == NULL) real = dlsym(RTLD_NEXT, #name); real; }))

/* One wrapped function: where its paths are (descriptor, name), what it is called in the log. */
#define WRAP(result, function, parameters, arguments, name, at_fd, at_path, other_fd, other_path) \
  result function parameters { \
    struct call call; \
    path_of(call.first, at_fd, at_path); \
    call.second[0] = '\0'; \
    const char *to_path = other_path; \
    if (to_path != NULL) path_of(call.second, other_fd, to_path); \
    if (judge(&call, name) == DROPPED) return 0; \
    result answer = REAL(function) arguments; \
    done(&call); \
    return answer; \
  }
#define WRAP_PATH(function, parameters, arguments, name, path) \
  WRAP(int, function, parameters, arguments, name, AT_FDCWD, path, 0, NULL)
#define WRAP_FD(function, parameters, arguments, name) WRAP(int, function, parameters, arguments, name, fd, NULL, 0, NULL)

WRAP_FD(fsync, (int fd), (fd), "fsync")
WRAP_FD(fdatasync, (int fd), (fd), "fsync")
WRAP_FD(syncfs, (int fd), (fd), "syncfs")
WRAP_FD(fchmod, (int fd, mode_t mode), (fd, mode), "chmod")
WRAP_FD(fchown, (int fd, uid_t user, gid_t group), (fd, user, group), "chown")
WRAP_FD(futimens, (int fd, const struct timespec times[2]), (fd, times), "utimes")
WRAP_FD(ftruncate, (int fd, off_t size), (fd, size), "truncate")
WRAP_FD(ftruncate64, (int fd, off64_t size), (fd, size), "truncate")
WRAP_PATH(mkdir, (const char *path, mode_t mode), (path, mode), "mkdir", path)
WRAP_PATH(rmdir, (const char *path), (path), "rmdir", path)
WRAP_PATH(unlink, (const char *path), (path), "unlink", path)
WRAP_PATH(remove, (const char *path), (path), "unlink", path)
WRAP_PATH(chmod, (const char *path, mode_t mode), (path, mode), "chmod", path)
WRAP_PATH(chown, (const char *path, uid_t user, gid_t group), (path, user, group), "chown", path)
WRAP_PATH(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), "chown", path)
WRAP_PATH(symlink, (const char *target, const char *path), (target, path), "symlink", path)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), "unlink", fd, path, 0, NULL)
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), "mkdir", fd, path, 0, NULL)
WRAP(int, utimensat, (int fd, const char *path, const struct timespec times[2], int flags), (fd, path, times, flags),
     "utimes", fd, path, 0, NULL)
WRAP(int, rename, (const char *path, const char *to), (path, to), "rename", AT_FDCWD, path, AT_FDCWD, to)
WRAP(int, link, (const char *path, const char *to), (path, to), "link", AT_FDCWD, path, AT_FDCWD, to)
WRAP(ssize_t, copy_file_range, (int from, off64_t *from_at, int fd, off64_t *to_at, size_t size, unsigned flags),
     (from, from_at, fd, to_at, size, flags), "copy", fd, NULL, 0, NULL)
WRAP(ssize_t, sendfile, (int fd, int from, off_t *offset, size_t size), (fd, from, offset, size), "copy", fd, NULL, 0, NULL)
WRAP(ssize_t, sendfile64, (int fd, int from, off64_t *offset, size_t size), (fd, from, offset, size), "copy", fd, NULL, 0,
     NULL)

/* Writes can be torn. */
#define WRAP_WRITE(function, parameters, whole, half) \
  ssize_t function parameters { \
    struct call call; \
    path_of(call.first, fd, NULL); \
    call.second[0] = '\0'; \
    switch (judge(&call, "write")) { \
      case DROPPED: return (ssize_t)size; \
      case TORN: REAL(function) half; die(); \
      case GO: break; \
    } \
    ssize_t answer = REAL(function) whole; \
    done(&call); \
    return answer; \
  }

WRAP_WRITE(write, (int fd, const void *bytes, size_t size), (fd, bytes, size), (fd, bytes, size / 2))
WRAP_WRITE(pwrite, (int fd, const void *bytes, size_t size, off_t place), (fd, bytes, size, place),
           (fd, bytes, size / 2, place))
WRAP_WRITE(pwrite64, (int fd, const void *bytes, size_t size, off64_t place), (fd, bytes, size, place),
           (fd, bytes, size / 2, place))
WRAP_WRITE(writev, (int fd, const struct iovec *parts, int size), (fd, parts, size), (fd, parts, size / 2))
WRAP_WRITE(pwritev, (int fd, const struct iovec *parts, int size, off_t place), (fd, parts, size, place),
           (fd, parts, size / 2, place))
WRAP_WRITE(pwritev64, (int fd, const struct iovec *parts, int size, off64_t place), (fd, parts, size, place),
           (fd, parts, size / 2, place))

/* An open changes something if it makes or empties a file. */
#define WRAP_OPEN(function, parameters, fd, first_argument) \
  int function parameters { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, mode_t); \
      va_end(rest); \
    } \
    struct call call; \
    call.number = 0; \
    if (flags & (O_CREAT | O_TRUNC)) { \
      path_of(call.first, fd, path); \
      call.second[0] = '\0'; \
      judge(&call, "open"); \
    } \
    int answer = REAL(function)(first_argument path, flags, mode); \
    done(&call); \
    return answer; \
  }
#define NONE
#define FOLDER folder,

WRAP_OPEN(open, (const char *path, int flags, ...), AT_FDCWD, NONE)
WRAP_OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, NONE)
WRAP_OPEN(openat, (int folder, const char *path, int flags, ...), folder, FOLDER)
WRAP_OPEN(openat64, (int folder, const char *path, int flags, ...), folder, FOLDER)
