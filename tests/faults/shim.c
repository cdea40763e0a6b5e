/* Faults of the disk, for tests: loaded before the C library, it counts what is written to files of a
 * registry and lets the n-th such call fail.
 *
 *   SIGIL_FAULT_AT     which call fails, from 1; 0 or none: all succeed
 *   SIGIL_FAULT_KIND   eio: it fails, later ones succeed; full: no space, and all later ones neither;
 *                      short: half of it is written
 *   SIGIL_FAULT_COUNT  a file that is told at the end how many calls there were
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum fault { NONE, FAIL, SHORT };

static atomic_long calls;

static int is_registry(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    return name && strstr(name, "registry.db") != NULL;
}

/* What becomes of this call; sets errno if it fails. */
static enum fault next(int fd, int writes) {
    if (!is_registry(fd)) return NONE;
    long call = atomic_fetch_add(&calls, 1) + 1;
    const char *at = getenv("SIGIL_FAULT_AT"), *kind = getenv("SIGIL_FAULT_KIND");
    long chosen = at ? atol(at) : 0;
    if (chosen == 0 || !kind || call < chosen) return NONE;
    if (strcmp(kind, "full") == 0) {
        errno = ENOSPC;
        return writes ? FAIL : NONE;
    }
    if (call > chosen) return NONE;
    if (strcmp(kind, "short") == 0) return writes ? SHORT : NONE;
    errno = EIO;
    return FAIL;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("SIGIL_FAULT_COUNT");
    if (!path) return;
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *octets, size_t length) {
    REAL(write);
    switch (next(fd, 1)) {
    case FAIL: return -1;
    case SHORT: return real(fd, octets, length / 2 ? length / 2 : length);
    default: return real(fd, octets, length);
    }
}

ssize_t pwrite(int fd, const void *octets, size_t length, off_t offset) {
    REAL(pwrite);
    switch (next(fd, 1)) {
    case FAIL: return -1;
    case SHORT: return real(fd, octets, length / 2 ? length / 2 : length, offset);
    default: return real(fd, octets, length, offset);
    }
}

ssize_t pwrite64(int fd, const void *octets, size_t length, off64_t offset) {
    REAL(pwrite64);
    switch (next(fd, 1)) {
    case FAIL: return -1;
    case SHORT: return real(fd, octets, length / 2 ? length / 2 : length, offset);
    default: return real(fd, octets, length, offset);
    }
}

int fsync(int fd) {
    REAL(fsync);
    return next(fd, 0) == FAIL ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return next(fd, 0) == FAIL ? -1 : real(fd);
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return next(fd, 1) == FAIL ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return next(fd, 1) == FAIL ? -1 : real(fd, length);
}
