#include "chains.h"

#include "bounds.h"
#include "files.h"
#include "json.h"
#include "output.h"
#include "policy_text.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>

int cli_chain_read(const cli *app, const char *path, poa_chain **out)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    poa_span chain;
    const int failed = cli_file_read_chain(path, &text, &chain);
    if (failed)
        return failed;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_chain_read(app->ctx, chain, out, &why);
    return err ? cli_refuse(err, &why, path) : CLI_OK;
}

int cli_policy_read(const cli *app, const char *path, poa_policy **out)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    const int failed = cli_file_read(path, POA_JSON_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_policy_parse(app->ctx, (poa_span){text, len}, NULL, out, &why);
    return err ? cli_policy_refuse(err, &why, path, (poa_span){text, len}) : CLI_OK;
}

json_t *cli_link_json(const poa_link *link)
{
    return json_pack("{s:s, s:s%, s:s%, s:I, s:I, s:i}", "poa_id", poa_id_print(&link->id).chars, "iss", link->iss.ptr,
                     link->iss.len, "sub", link->sub.ptr, link->sub.len, "nbf", (json_int_t)link->nbf_s, "exp",
                     (json_int_t)link->exp_s, "transferable", link->transferable);
}
