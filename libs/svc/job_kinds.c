#include "svc/job_kinds.h"

const struct job_kind job_kinds[] = {
    {0},
};
