#include "api/keeper.h"

#include "api/notices.h"
#include "api/walks.h"

/* One row a task; each is declared by the header of the file that it stands in. */
const api_keeper_task api_keeper_tasks[] = {
    {"walks", api_walks_step},
    {"notices", api_notices_step},
    {NULL, NULL},
};
