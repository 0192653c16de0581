#include "api/pending.h"

#include "guard.h"
#include "poa/chain.h"
#include "span.h"
#include "store/quotas.h"

#include <string.h>

enum { VERSION = 1, ADDRESS_BYTES = 16, POWER_BYTES = 4 };

api_pending api_pending_of(const poa_chain *chain, const poa_decision *decision, const poa_address *address,
                           poa_span csr)
{
    api_pending pending = {.address = *address, .charges_len = decision->links, .csr = csr};
    for (size_t i = 0; i < decision->links; i++)
        pending.charges[i] = (api_charge){poa_chain_link(chain, i)->id, (uint32_t)decision->applied[i]};
    return pending;
}

/* ---- as bytes: version, family, address, number of charges; each charge; the CSR ---- */

void api_pending_write(const api_pending *pending, poa_buf *b)
{
    const char head[] = {VERSION, (char)pending->address.family};
    const char count[] = {(char)pending->charges_len};
    poa_buf_add(b, (poa_span){head, sizeof head});
    poa_buf_add(b, (poa_span){(const char *)pending->address.bytes, ADDRESS_BYTES});
    poa_buf_add(b, (poa_span){count, sizeof count});
    for (size_t i = 0; i < pending->charges_len; i++) {
        const uint32_t power = pending->charges[i].power;
        const char bytes[POWER_BYTES] = {(char)(power >> 24), (char)(power >> 16), (char)(power >> 8), (char)power};
        poa_buf_add(b, (poa_span){(const char *)pending->charges[i].poa.bytes, POA_ID_BYTES});
        poa_buf_add(b, (poa_span){bytes, sizeof bytes});
    }
    poa_buf_add(b, pending->csr);
}

/* The next bytes; false when there are not so many. */
static bool take(poa_span *rest, void *out, size_t len)
{
    if (rest->len < len)
        return false;
    memcpy(out, rest->ptr, len);
    *rest = poa_span_skip(*rest, len);
    return true;
}

static bool take_charge(poa_span *rest, api_charge *charge)
{
    uint8_t power[POWER_BYTES];
    if (!take(rest, charge->poa.bytes, POA_ID_BYTES) || !take(rest, power, sizeof power))
        return false;
    charge->power = (uint32_t)power[0] << 24 | (uint32_t)power[1] << 16 | (uint32_t)power[2] << 8 | power[3];
    return true;
}

poa_err api_pending_read(poa_span bytes, api_pending *pending)
{
    api_pending read = {.charges_len = 0};
    uint8_t head[2] = {0};
    uint8_t count = 0;
    bool good = take(&bytes, head, sizeof head) && take(&bytes, read.address.bytes, ADDRESS_BYTES) &&
                take(&bytes, &count, sizeof count);
    if (POA_GUARD(pending_layout, !good || head[0] != VERSION || count > POA_CHAIN_LINKS_HARD))
        return POA_F_STORE;
    read.address.family = head[1];
    read.charges_len = count;
    for (size_t i = 0; good && i < count; i++)
        good = take_charge(&bytes, &read.charges[i]);
    if (POA_GUARD(pending_charges, !good))
        return POA_F_STORE;
    read.csr = bytes;
    *pending = read;
    return POA_OK;
}

/* ---- quota ---- */

poa_err api_pending_give_back(const api_pending *pending, store_txn *txn)
{
    for (size_t i = 0; i < pending->charges_len; i++) {
        const poa_err err = store_quota_give_back(txn, &pending->charges[i].poa, pending->charges[i].power);
        if (err)
            return err;
    }
    return POA_OK;
}

static poa_err used(void *self, const poa_id *poa, size_t index, uint64_t *count)
{
    const api_pending *pending = self;
    *count = UINT64_MAX;
    for (size_t i = 0; i < pending->charges_len; i++)
        if (poa_id_equal(&pending->charges[i].poa, poa) && pending->charges[i].power == index)
            *count = 0;
    return POA_OK;
}

poa_quota api_pending_quota(api_pending *pending)
{
    return (poa_quota){.self = pending, .used = used};
}
