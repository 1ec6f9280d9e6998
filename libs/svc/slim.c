#define _GNU_SOURCE /* dl_iterate_phdr */
#include "svc/slim.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Only what was never writable: there the loader has put nothing of its own. */
static int give_back(struct dl_phdr_info *info, size_t size, void *arg)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) {
            continue;
        }
        const uintptr_t from = (info->dlpi_addr + segment->p_vaddr + page - 1) / page * page;
        const uintptr_t to = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) / page * page;
        if (from < to) {
            (void)madvise((void *)from, to - from, MADV_DONTNEED); /* a wish */
        }
    }
    return 0;
}

void slim_down(void)
{
    (void)dl_iterate_phdr(give_back, NULL);
}
