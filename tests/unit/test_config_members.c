#include "test.h"

#include "config_rig.h"

#define JWK                                                                                    \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define JWK_PRIVATE                                                                            \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"
#define POINT(name, key)  "{\"name\":" name ",\"key\":" key ",\"urls\":[\"https://gate.example\"]}"
#define POINTS(...)       WITH("\"enforcement_points\":[" __VA_ARGS__ "]")
#define LISTEN(listeners) "{" URL ",\"listeners\":" listeners "}"
#define PROXIES(proxies)  WITH("\"trusted_proxies\":" proxies)
#define AT_URL(url)       "{" LISTENERS ",\"public_url\":\"" url "\"}"

static const struct {
    const char *name;
    const char *json;
    const char *report; /* NULL: accepted; else it must hold this */
} cases[] = {
    {"minimal", MINIMAL, NULL},
    {"no object", "[]", "it is not one JSON object"},
    {"trailing comma", "{" URL "," LISTENERS ",}", "it is not one JSON object"},
    {"member twice", "{" URL "," URL "," LISTENERS "}", "a member stands twice"},
    {"unknown member", WITH("\"polcy\":\"x\""), "there is no member \"polcy\"\n  hint: did you mean \"policy\"?"},
    {"far from any", WITH("\"colour\":\"red\""), "there is no member \"colour\"\n"},
    {"unknown below limits", WITH("\"limits\":{\"link\":3}"),
     " /limits: there is no member \"link\"\n  hint: did you mean \"links\"?"},
    {"unknown below ca", WITH("\"ca\":{\"cert\":\"x\"}"), " /ca: there is no member \"cert\""},
    {"limits no object", WITH("\"limits\":[]"), " /limits: expected an object, found []"},
    {"ca null", WITH("\"ca\":null"), " /ca: expected an object, found null"},
    {"path empty", WITH("\"policy\":\"\""), " /policy: expected the name of a file"},
    {"path a number", WITH("\"data\":1"), " /data: expected the name of a file or directory, found 1"},
    {"path with a control", WITH("\"data\":\"a\\u001b[2J\""),
     " /data: expected the name of a file or directory, found \"a\\u001B[2J\""},

    {"no public url", "{" LISTENERS "}", " /public_url: expected an http or https URL"},
    {"url with query", AT_URL("https://poa.example?x"), " /public_url: expected"},
    {"url with fragment", AT_URL("https://poa.example#x"), " /public_url: expected"},
    {"url with user", AT_URL("https://a@poa.example"), " /public_url: expected"},
    {"url of another scheme", AT_URL("ftp://poa.example"), " /public_url: expected"},
    {"url without host", AT_URL("https://"), " /public_url: expected"},
    {"url with a path", AT_URL("https://poa.example/site/"), NULL},
    {"clear url of this machine", AT_URL("http://127.0.0.1:8080"), NULL},
    {"clear url of localhost", AT_URL("http://localhost/"), NULL},
    {"clear url of ::1", AT_URL("http://[::1]:8080"), NULL},
    {"clear url beyond", AT_URL("http://poa.example"), " /public_url: other machines use this URL, and it has no TLS"},
    {"clear url that begins like localhost", AT_URL("http://localhost.example"), " /public_url: other machines"},

    {"no listeners", "{" URL "}", " /listeners: expected an array of 1 to 8 entries, found nothing"},
    {"empty listeners", LISTEN("[]"), " /listeners: expected an array of 1 to 8 entries"},
    {"listeners an object", LISTEN("{}"), " /listeners: expected an array of 1 to 8 entries, found {}"},
    {"listener a text", LISTEN("[\"127.0.0.1:1\"]"), " /listeners/0: expected an object"},
    {"listener without address", LISTEN("[{}]"),
     " /listeners/0/address: expected an IP address and a port, found nothing"},
    {"listener by name", LISTEN("[{\"address\":\"localhost:80\"}]"), " /listeners/0/address: expected an IP address"},
    {"listener unknown member", LISTEN("[{\"address\":\"127.0.0.1:1\",\"cert\":\"x\"}]"),
     " /listeners/0: there is no member \"cert\""},
    {"certificate alone", LISTEN("[{\"address\":\"127.0.0.1:1\",\"certificate\":\"x\"}]"),
     " /listeners/0: certificate and key go together"},
    {"key alone", LISTEN("[{\"address\":\"127.0.0.1:1\",\"key\":\"x\"}]"),
     " /listeners/0: certificate and key go together"},
    {"certificate no text", LISTEN("[{\"address\":\"127.0.0.1:1\",\"key\":\"x\",\"certificate\":1}]"),
     " /listeners/0/certificate: expected the name of a file"},
    {"one address twice", LISTEN("[{\"address\":\"127.0.0.1:1\"},{\"address\":\"127.0.0.1:1\"}]"),
     " /listeners/1: another listener has this address"},
    {"two addresses", LISTEN("[{\"address\":\"127.0.0.1:1\"},{\"address\":\"[::1]:1\"}]"), NULL},
    {"any port twice", LISTEN("[{\"address\":\"127.0.0.1:0\"},{\"address\":\"127.0.0.1:0\"}]"), NULL},
    {"clear beyond loopback", LISTEN("[{\"address\":\"192.0.2.1:80\"}]"),
     " /listeners/0/address: other machines reach this address"},
    {"clear on all", LISTEN("[{\"address\":\"0.0.0.0:80\"}]"),
     " /listeners/0/address: other machines reach this address"},
    {"clear on all of IPv6", LISTEN("[{\"address\":\"[::]:80\"}]"),
     " /listeners/0/address: other machines reach this address"},
    {"clear second", LISTEN("[{\"address\":\"127.0.0.1:1\"},{\"address\":\"[2001:db8::1]:1\"}]"),
     " /listeners/1/address: other machines"},
    {"TLS beyond loopback", LISTEN("[{\"address\":\"192.0.2.1:443\",\"certificate\":\"c\",\"key\":\"k\"}]"), NULL},
    {"clear and told so",
     "{" URL ",\"listeners\":[{\"address\":\"0.0.0.0:80\"}],\"allow_clear_text_beyond_loopback\":true}", NULL},
    {"clear and told not",
     "{" URL ",\"listeners\":[{\"address\":\"0.0.0.0:80\"}],\"allow_clear_text_beyond_loopback\":false}",
     " /listeners/0/address: other machines"},
    {"told by a number", WITH("\"allow_clear_text_beyond_loopback\":1"),
     " /allow_clear_text_beyond_loopback: expected true or false, found 1"},

    {"proxies", PROXIES("[\"127.0.0.1\",\"10.0.0.0/8\",\"2001:db8::/32\",\"::1\"]"), NULL},
    {"no proxies", PROXIES("[]"), NULL},
    {"proxies a text", PROXIES("\"127.0.0.1\""),
     " /trusted_proxies: expected an array of 0 to 64 entries, found \"127.0.0.1\""},
    {"proxy with host bits", PROXIES("[\"10.0.0.1/8\"]"),
     " /trusted_proxies/0: expected an IP address or a block without host bits, found \"10.0.0.1/8\""},
    {"proxy with a long prefix", PROXIES("[\"10.0.0.1/33\"]"), " /trusted_proxies/0: expected"},
    {"proxy mapped", PROXIES("[\"::ffff:10.0.0.1\"]"), " /trusted_proxies/0: expected"},
    {"proxy by name", PROXIES("[\"::1\",\"proxy.example\"]"), " /trusted_proxies/1: expected"},
    {"proxy of all", PROXIES("[\"0.0.0.0/0\"]"), NULL},

    {"forward urls", WITH("\"forward_urls\":[\"https://app.example\"]"), NULL},
    {"forward url with query", WITH("\"forward_urls\":[\"https://a.example\",\"https://app.example?\"]"),
     " /forward_urls/1: expected an http or https URL"},

    {"a point", POINTS(POINT("\"gate\"", JWK)), NULL},
    {"point without name", POINTS("{\"key\":" JWK ",\"urls\":[\"https://gate.example\"]}"),
     " /enforcement_points/0/name: expected a name of 1 to 64 bytes, found nothing"},
    {"point's name empty", POINTS(POINT("\"\"", JWK)), " /enforcement_points/0/name: expected"},
    {"point without key", POINTS("{\"name\":\"gate\",\"urls\":[\"https://gate.example\"]}"),
     " /enforcement_points/0/key: expected the public key"},
    {"point's key no point of the curve", POINTS(POINT("\"gate\"", "{\"kty\":\"EC\"}")),
     " /enforcement_points/0/key: expected the public key"},
    {"point's key private", POINTS(POINT("\"gate\"", JWK_PRIVATE)),
     " /enforcement_points/0/key: this is a private key"},
    {"point without urls", POINTS("{\"name\":\"gate\",\"key\":" JWK "}"),
     " /enforcement_points/0/urls: expected an array of 1 to 16 entries, found nothing"},
    {"point's url", POINTS("{\"name\":\"gate\",\"key\":" JWK ",\"urls\":[\"gate.example\"]}"),
     " /enforcement_points/0/urls/0: expected an http or https URL"},
    {"point unknown member",
     POINTS("{\"name\":\"gate\",\"key\":" JWK ",\"urls\":[\"https://gate.example\"],\"url\":1}"),
     " /enforcement_points/0: there is no member \"url\"\n  hint: did you mean \"urls\"?"},
    {"one key twice", POINTS(POINT("\"a\"", JWK) "," POINT("\"b\"", JWK)),
     " /enforcement_points/1/key: another enforcement point has this key"},
    {"one name twice", POINTS(POINT("\"a\"", JWK) "," POINT("\"a\"", JWK)),
     " /enforcement_points/1/name: another enforcement point has this name"},
};

static void one_fault_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
        POA_CLEANUP(server_config_freep) server_config *config = load(cases[i].json, NULL, NULL, &report);
        if ((config == NULL) != (cases[i].report != NULL))
            fail_msg("%s: %s", cases[i].name, report.text ? report.text : "accepted");
        if (cases[i].report)
            holds(&report, cases[i].report);
        /* A private key in the file shows up nowhere. */
        assert_true(!report.text || !strstr(report.text, "jpsQ"));
    }
}

static void what_was_read(void **state)
{
    (void)state;
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep)
    server_config *config = load("{\"public_url\":\"HTTPS://POA.example:443/a/./b/\",\"listeners\":[{\"address\":"
                                 "\"192.0.2.1:443\",\"certificate\":\"tls.pem\",\"key\":\"/etc/tls.key\"}],"
                                 "\"trusted_proxies\":[\"10.1.0.0/16\"],\"forward_urls\":[\"https://app.example/\"],"
                                 "\"enforcement_points\":[" POINT("\"gate\"", JWK) "]}",
                                 NULL, NULL, &report);
    assert_non_null(config);
    assert_string_equal(config->public_url, "https://poa.example/a/b");
    assert_string_equal(config->listeners[0].certificate + strlen(folder), "/tls.pem");
    assert_string_equal(config->listeners[0].key, "/etc/tls.key");
    assert_int_equal(config->listeners[0].address.port, 443);
    assert_int_equal(config->proxies_len, 1);
    assert_int_equal(config->proxies[0].prefix, 16);
    assert_int_equal(config->proxies[0].address.bytes[1], 1);
    assert_string_equal(config->forward_urls[0], "https://app.example");
    assert_int_equal(config->points_len, 1);
    assert_string_equal(config->points[0].name, "gate");
    assert_string_equal(config->points[0].urls[0], "https://gate.example");
    assert_non_null(config->points[0].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fault_each),
        cmocka_unit_test(what_was_read),
    };
    return cmocka_run_group_tests_name("config_members", tests, set_up, tear_down);
}
