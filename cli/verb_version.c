#include "cli.h"

#include "cleanup.h"
#include "json.h"
#include "options.h"
#include "output.h"

#include <curl/curl.h>
#include <jansson.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_verb_version(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {NULL,
                                     parse,
                                     NULL,
                                     "Show the version of poa and of the libraries that it runs with.\v"
                                     "Example:\n  poa version --json",
                                     children,
                                     NULL,
                                     NULL};
    cli_output_options output = {0};
    (void)app;
    cli_parse(&argp, argc, argv, &output);

    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    if (output.json) {
        POA_CLEANUP(poa_json_decrefp)
        json_t *facts = json_pack("{s:s, s:i, s:s, s:s, s:s?, s:s}", "poa", CLI_VERSION, "protocol", 1, "jansson",
                                  jansson_version_str(), "libcurl", curl->version, "crypto", curl->ssl_version,
                                  "libjwt", CLI_JWT_VERSION);
        return cli_print_json(facts);
    }
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "poa %s (PoA protocol 1)\njansson %s\nlibcurl %s\n%s\nlibjwt %s\n", CLI_VERSION,
                   jansson_version_str(), curl->version, curl->ssl_version ? curl->ssl_version : "no TLS",
                   CLI_JWT_VERSION);
    return cli_print(&b);
}
