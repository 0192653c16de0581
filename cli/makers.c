#include "makers.h"

#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "output.h"
#include "refusal.h"
#include "span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAKER_BYTES_MAX = 65536 };

static char *path_of(const char *folder, const char *name)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s/%s", folder, name);
    return poa_buf_take(&b);
}

static int read_text(const char *folder, const char *name, char **text, size_t *len)
{
    POA_CLEANUP(poa_freep) char *path = path_of(folder, name);
    return path ? cli_file_read(path, MAKER_BYTES_MAX, text, len) : cli_fault_of(POA_F_NOMEM);
}

static int load_ca(const cli *app, const char *folder, cli_maker *maker)
{
    POA_CLEANUP(poa_freep) char *pem = NULL;
    POA_CLEANUP(poa_freep) char *key_path = path_of(folder, "maker.key");
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    poa_signer unused = {0};
    size_t len = 0;
    if (!key_path)
        return cli_fault_of(POA_F_NOMEM);
    int failed = read_text(folder, "maker.pem", &pem, &len);
    const cli_key_options options = {.file = key_path, .passphrase = {.descriptor = -1}};
    if (!failed)
        failed = cli_key_sign_with(app, &options, &key, &unused);
    if (failed)
        return failed;
    poa_why why = {{0}};
    const poa_err err = poa_ca_load(app->ctx, (poa_span){pem, len}, key, &maker->ca, &why);
    if (err && why.text[0] != '\0')
        cli_say("%s: %s", folder, why.text);
    return err ? cli_refuse(err, NULL, folder) : CLI_OK;
}

int cli_maker_load(const cli *app, const char *folder, cli_maker *maker)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    *maker = (cli_maker){0};
    int failed = read_text(folder, "maker.json", &text, &len);
    if (failed) {
        cli_hint("`poa device maker --name Acme -o %s' makes a manufacturer", folder);
        return failed;
    }
    if (poa_json_parse((poa_span){text, len}, &maker->about) != POA_OK)
        return cli_refuse(POA_E_MALFORMED, NULL, folder);
    maker->name = poa_json_span(json_object_get(maker->about, "name"));
    failed = load_ca(app, folder, maker);
    return failed;
}

void cli_maker_clear(cli_maker *maker)
{
    poa_ca_free(maker->ca);
    json_decref(maker->about);
    *maker = (cli_maker){0};
}

int cli_maker_write_text(const char *folder, const char *name, poa_span text)
{
    POA_CLEANUP(poa_freep) char *path = path_of(folder, name);
    return path ? cli_file_write(&(cli_write){.path = path, .once = true}, text) : cli_fault_of(POA_F_NOMEM);
}

int cli_maker_write_key(const char *folder, const char *name, const poa_key *key)
{
    POA_CLEANUP(poa_secret_clear) poa_secret pem = {0};
    POA_CLEANUP(poa_freep) char *path = path_of(folder, name);
    const poa_err err = poa_key_to_pem(key, (poa_span){0}, &pem);
    if (err || !path)
        return cli_fault_of(err ? err : POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = path, .secret = true, .once = true}, (poa_span){pem.text, pem.len});
}

int cli_maker_make_folder(const char *folder)
{
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        return CLI_OK;
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(folder));
    return cli_usage("the folder %s cannot be made: %s", shown, strerror(errno));
}
