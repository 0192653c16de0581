#include "reach.h"

#include "buf.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <stdlib.h>

struct poa_reach {
    json_t *document; /* owned */
    poa_span owner;   /* borrowed from document */
    bool all;
    poa_powers *powers; /* owned */
};

poa_err poa_reach_write(const poa_chain *administrator, char **out)
{
    const poa_policy_owner *owner = poa_chain_owner(administrator);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{\"owner\":");
    poa_buf_json_text(&b, owner->iss);
    poa_buf_printf(&b, ",\"all\":%s,\"powers\":", owner->administers_all ? "true" : "false");
    poa_buf_add(&b, poa_chain_leaf(administrator)->powers);
    poa_buf_text(&b, "}");
    *out = poa_buf_take(&b);
    return *out ? POA_OK : POA_F_NOMEM;
}

void poa_reach_free(poa_reach *reach)
{
    if (!reach)
        return;
    json_decref(reach->document);
    poa_powers_free(reach->powers);
    free(reach);
}

static poa_err read_document(poa_reach *reach)
{
    reach->owner = poa_json_span(json_object_get(reach->document, "owner"));
    const json_t *all = json_object_get(reach->document, "all");
    reach->all = json_is_true(all);
    if (reach->owner.len == 0 || !json_is_boolean(all))
        return POA_F_STORE;
    const json_t *powers = json_object_get(reach->document, "powers");
    const poa_err err = poa_powers_read(powers, POA_HOP_NONE, "/powers", &reach->powers, NULL);
    return err > POA_OK ? POA_F_STORE : err;
}

poa_err poa_reach_read(poa_span text, poa_reach **out)
{
    POA_CLEANUP(poa_reach_freep) poa_reach *reach = calloc(1, sizeof *reach);
    if (!reach)
        return POA_F_NOMEM;
    poa_err err = poa_json_parse(text, &reach->document);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_STORE;
    err = read_document(reach);
    if (err)
        return err;
    *out = POA_TAKE(reach);
    return POA_OK;
}

bool poa_reach_covers(const poa_reach *reach, enum poa_statement_op op, const poa_chain *chain, size_t hop)
{
    const bool same_owner = poa_span_equal(reach->owner, poa_chain_owner(chain)->iss);
    if (POA_GUARD(reach_owner, !same_owner && !reach->all))
        return false;
    return poa_powers_reach(reach->powers, poa_span_of(poa_statement_op_name(op)), poa_chain_powers(chain, hop));
}
