#include "api/keeper.h"
#include "api/notices.h"
#include "api/trust.h"
#include "api/walks.h"

/* One row a task; each is declared by the header of the file that it stands in. */
const api_keeper_task api_keeper_tasks[] = {
    {"trust.heartbeat", api_trust_heartbeat}, /* before what it may order, and before anybody is overdue */
    {"walks", api_walks_step},
    {"notices", api_notices_step},
    {"trust.spread", api_trust_spread},
    {"trust.recall", api_trust_recall},
    {"trust.sweep", api_trust_sweep},
    {"events.trim", api_trust_trim},
    {NULL, NULL},
};
