/* Rewrites a file through a shared mapping, word by word from its begin to its end, with the number of the round; says so once the first is done.
 * Arguments: the file, its size in bytes, the longest pause between two rounds in microseconds. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **values) {
  size_t size = count > 2 ? strtoul(values[2], 0, 10) : 0;
  long pause = count > 3 ? atol(values[3]) : 0;
  int file = open(values[1], O_RDWR | O_CREAT, 0644);
  if (file < 0 || ftruncate(file, (off_t)size) != 0) return 1;
  volatile uint64_t *words = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (words == MAP_FAILED) return 1;
  for (uint64_t round = 1;; round++) {
    for (size_t at = 0; at < size / 8; at++) words[at] = round;
    if (round == 1) (void)!write(1, "ready\n", 6);
    if (pause > 0) usleep((useconds_t)(rand() % pause));
    if (getppid() == 1) return 0;
  }
}
