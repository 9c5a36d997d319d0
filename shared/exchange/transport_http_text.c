#include "shared/exchange/transport_http_text.h"

#include <stdio.h>

/* A certificate that does not fit is ERR_SIGNATURE: trying again is no use. */
enum err transport_http_explain(CURLcode code, const char *host,
                                const char *ca_file, const char *why,
                                char detail[256])
{
    const size_t room = 256;
    if (!why[0])
        why = curl_easy_strerror(code);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        snprintf(detail, room,
                 "%.100s is not known here: there is no network, "
                 "or the address of the office is wrong",
                 host);
        return ERR_NETWORK;
    case CURLE_COULDNT_CONNECT:
        snprintf(detail, room,
                 "the office at %.100s does not answer: it is "
                 "down, or the port is wrong",
                 host);
        return ERR_NETWORK;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(detail, room, "the office at %.100s did not answer in time",
                 host);
        return ERR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
        snprintf(detail, room,
                 "the certificate of %.80s is not trusted "
                 "(%.90s): check the address and --ca, and ask the office",
                 host, why);
        return ERR_SIGNATURE;
    case CURLE_SSL_CACERT_BADFILE:
        snprintf(detail, room,
                 "the certificate file %.120s cannot be read: "
                 "give the office's own with --ca",
                 ca_file);
        return ERR_INVALID;
    case CURLE_SSL_CONNECT_ERROR:
        snprintf(detail, room,
                 "no secure connection to %.80s (%.100s): is "
                 "this the port of the office?",
                 host, why);
        return ERR_NETWORK;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    default:
        snprintf(detail, room, "the connection to %.80s was cut (%.120s)", host,
                 why);
        return ERR_NETWORK;
    }
}
