#include "proving.h"

#include "guard.h"
#include "keys.h"
#include "reason.h"
#include "refusal.h"
#include "span.h"

/* A server would refuse it: so it is not made. */
static int check_key(const poa_chain *chain, const poa_signer *signer)
{
    const poa_id *wanted = poa_key_thumbprint(poa_chain_leaf(chain)->agent_key);
    const poa_id *given = poa_key_thumbprint(signer->key);
    if (!POA_GUARD(prove_key, !poa_id_equal(wanted, given)))
        return CLI_OK;
    poa_reason why;
    const poa_err err = poa_deny(&why, POA_E_PROOF_KEY_MISMATCH, POA_HOP_NONE, "%s", "");
    poa_reason_text(why.parent, poa_span_of(poa_id_print(wanted).chars));
    poa_reason_text(why.child, poa_span_of(poa_id_print(given).chars));
    return cli_refuse(err, &why, NULL);
}

int cli_proof_make(const cli *app, const poa_chain *chain, const poa_proof_request *request, const poa_signer *signer,
                   char **proof)
{
    const int refused = check_key(chain, signer);
    if (refused)
        return refused;
    poa_proof_request whole = *request;
    whole.chain = poa_chain_text(chain);
    const poa_err err = poa_proof_sign(app->ctx, &whole, signer, &cli_random, proof);
    return err ? cli_refuse(err, NULL, NULL) : CLI_OK;
}
