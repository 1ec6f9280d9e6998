/* core/source_path.h - __FILE__ without the folder of the build machine: "libs/core/err.c". For core only. */
#ifndef CORE_SOURCE_PATH_H
#define CORE_SOURCE_PATH_H

/* Points into file. */
const char *source_path(const char *file);

#endif
