#ifndef POA_POA_H
#define POA_POA_H

/** All of the library. Each header also stands alone. */

#include "poa/answer.h"
#include "poa/chain.h"
#include "poa/context.h"
#include "poa/decision.h"
#include "poa/device.h"
#include "poa/error.h"
#include "poa/grant.h"
#include "poa/id.h"
#include "poa/json_hook.h"
#include "poa/key.h"
#include "poa/macros.h"
#include "poa/policy.h"
#include "poa/proof.h"
#include "poa/reason.h"
#include "poa/request.h"
#include "poa/revocation.h"
#include "poa/revocation_list.h"
#include "poa/signer.h"
#include "poa/span.h"
#include "poa/statement.h"

#endif
