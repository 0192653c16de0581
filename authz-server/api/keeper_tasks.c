#include "api/keeper.h"

/* One row a task; each is declared by the header of the file that it stands in. */
const api_keeper_task api_keeper_tasks[] = {
    {NULL, NULL},
};
