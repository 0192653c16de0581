#include "bounds.h"
#include "buf.h"
#include "chain.h"
#include "cleanup.h"

static void add_audience(const poa_link *leaf, poa_buf *b)
{
    for (size_t i = 0; i < leaf->aud_len; i++) {
        poa_buf_text(b, i == 0 ? "[" : ",");
        poa_buf_json_text(b, leaf->aud[i]);
    }
    poa_buf_text(b, leaf->aud_len == 0 ? "[]" : "]");
}

/* The latest start and the earliest end of all links, each with the first link that has it. */
static void add_window(const poa_chain *chain, poa_buf *b)
{
    size_t nbf = 0;
    size_t exp = 0;
    for (size_t i = 1; i < poa_chain_len(chain); i++) {
        if (poa_chain_link(chain, i)->nbf_s > poa_chain_link(chain, nbf)->nbf_s)
            nbf = i;
        if (poa_chain_link(chain, i)->exp_s < poa_chain_link(chain, exp)->exp_s)
            exp = i;
    }
    poa_buf_printf(b, ",\"nbf\":{\"value\":%lld,\"hop\":%zu},\"exp\":{\"value\":%lld,\"hop\":%zu}",
                   (long long)poa_chain_link(chain, nbf)->nbf_s, nbf, (long long)poa_chain_link(chain, exp)->exp_s,
                   exp);
}

char *poa_chain_describe(const poa_chain *chain)
{
    const poa_link *leaf = poa_chain_leaf(chain);
    const poa_powers *powers[POA_CHAIN_LINKS_HARD];
    const size_t links = poa_chain_len(chain);
    for (size_t i = 0; i < links; i++)
        powers[i] = poa_chain_powers(chain, i);

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{\"aud\":");
    add_audience(leaf, &b);
    add_window(chain, &b);
    poa_buf_printf(&b, ",\"transferable\":%d,\"powers\":", leaf->transferable);
    poa_powers_describe(powers, links, &b);
    poa_buf_text(&b, "}");
    return poa_buf_take(&b);
}

/* Nothing stands above the root in a chain, so what it has is what it was granted. */
static void add_granted(const poa_powers *root, poa_buf *b)
{
    poa_buf_text(b, "[");
    for (size_t i = 0; i < poa_powers_count(root); i++) {
        const poa_power *power = poa_powers_at(root, i);
        poa_buf_printf(b, "%s{\"type\":\"%s\",\"granted\":", i > 0 ? "," : "", poa_power_type(power));
        poa_power_json(power, b);
        poa_buf_text(b, "}");
    }
    poa_buf_text(b, "]");
}

char *poa_chain_taken(const poa_chain *chain, size_t i)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    if (i >= poa_chain_len(chain))
        poa_buf_text(&b, "[]");
    else if (i == 0)
        add_granted(poa_chain_powers(chain, 0), &b);
    else
        poa_powers_taken(poa_chain_powers(chain, i - 1), poa_chain_powers(chain, i), &b);
    return poa_buf_take(&b);
}
