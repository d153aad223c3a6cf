
/*
 * Copyright (C) The credverify authors
 */

#include "cv_post.h"
#include "cv_address.h"
#include "cv_retry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


/* What an answer has is not wanted, but that it ends is. */

static size_t
cv_post_count(size_t *count, size_t len)
{
    *count += len;

    return *count <= CV_POST_ANSWER_MAX ? len : 0;
}


static size_t
cv_post_field(char *data, size_t size, size_t n, void *arg)
{
    cv_post_t  *post = arg;

    (void) data;

    return cv_post_count(&post->nfields, size * n);
}


static size_t
cv_post_body(char *data, size_t size, size_t n, void *arg)
{
    cv_post_t  *post = arg;

    (void) data;

    return cv_post_count(&post->nbody, size * n);
}


/* Notes an address that is not to be spoken to. */

static bool
cv_post_refuse(cv_post_t *post, const char *text, const char *special)
{
    if (post->private || special == NULL) {
        return false;
    }

    (void) snprintf(post->refused, sizeof(post->refused), "%s", text);
    post->special = special;

    return true;
}


/* Nothing is sent before this is a socket of the address that was checked. */

static curl_socket_t
cv_post_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    char                        text[INET6_ADDRSTRLEN];
    const void                 *bytes;
    cv_post_t                  *post = arg;
    struct sockaddr_in          in4;
    struct sockaddr_in6         in6;

    (void) purpose;

    if (address->family == AF_INET) {
        memcpy(&in4, &address->addr, sizeof(in4));
        bytes = &in4.sin_addr;

    } else {
        memcpy(&in6, &address->addr, sizeof(in6));
        bytes = &in6.sin6_addr;
    }

    if (inet_ntop(address->family, bytes, text, sizeof(text)) == NULL) {
        text[0] = '\0';
    }

    if (cv_post_refuse(post, text, cv_address_special_of(&address->addr))) {
        return CURL_SOCKET_BAD;
    }

    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}


/* A connection that is there still may be of who was allowed more. */

static int
cv_post_connected(void *arg, char *address, char *local, int port,
    int local_port)
{
    cv_post_t  *post = arg;

    (void) local;
    (void) port;
    (void) local_port;

    return cv_post_refuse(post, address, cv_address_special_text(address))
           ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}


/* A return code that is not to be forgotten; CURLE_OK is 0. */

#define cv_post_set(code, easy, option, value)                                \
    (code) = (code) != CURLE_OK ? (code)                                      \
                                : curl_easy_setopt(easy, option, value)


static CURLcode
cv_post_hooks(cv_post_t *post)
{
    CURLcode  code;

    code = CURLE_OK;

    cv_post_set(code, post->easy, CURLOPT_OPENSOCKETFUNCTION, cv_post_socket);
    cv_post_set(code, post->easy, CURLOPT_OPENSOCKETDATA, post);
    cv_post_set(code, post->easy, CURLOPT_PREREQFUNCTION, cv_post_connected);
    cv_post_set(code, post->easy, CURLOPT_PREREQDATA, post);
    cv_post_set(code, post->easy, CURLOPT_HEADERFUNCTION, cv_post_field);
    cv_post_set(code, post->easy, CURLOPT_HEADERDATA, post);
    cv_post_set(code, post->easy, CURLOPT_WRITEFUNCTION, cv_post_body);
    cv_post_set(code, post->easy, CURLOPT_WRITEDATA, post);
    cv_post_set(code, post->easy, CURLOPT_ERRORBUFFER, post->said);

    return code;
}


static CURLcode
cv_post_policy(cv_post_t *post, const cv_post_conf_t *conf)
{
    CURLcode  code;

    code = CURLE_OK;

    cv_post_set(code, post->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    cv_post_set(code, post->easy, CURLOPT_PROXY, "");
    cv_post_set(code, post->easy, CURLOPT_FOLLOWLOCATION, 0L);
    cv_post_set(code, post->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    cv_post_set(code, post->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    cv_post_set(code, post->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    cv_post_set(code, post->easy, CURLOPT_SSLVERSION,
                (long) CURL_SSLVERSION_TLSv1_2);
    cv_post_set(code, post->easy, CURLOPT_HTTP_VERSION,
                (long) CURL_HTTP_VERSION_1_1);
    cv_post_set(code, post->easy, CURLOPT_CONNECTTIMEOUT_MS,
                (long) CV_POST_CONNECT);
    cv_post_set(code, post->easy, CURLOPT_TIMEOUT_MS, conf->timeout);
    cv_post_set(code, post->easy, CURLOPT_NOSIGNAL, 1L);
    cv_post_set(code, post->easy, CURLOPT_USERAGENT,
                "credverify/" CV_VERSION);

    if (conf->ca_file != NULL) {
        cv_post_set(code, post->easy, CURLOPT_CAINFO, conf->ca_file);
        cv_post_set(code, post->easy, CURLOPT_CAPATH, (char *) NULL);
    }

    return code;
}


cv_err_t
cv_post_init(cv_post_t *post, const cv_post_conf_t *conf)
{
    memset(post, 0, sizeof(cv_post_t));

    post->easy = curl_easy_init();

    if (post->easy == NULL) {
        return CV_ERR_NOMEM;
    }

    if (cv_post_hooks(post) != CURLE_OK
        || cv_post_policy(post, conf) != CURLE_OK)
    {
        cv_post_free(post);
        return CV_ERR_NOMEM;
    }

    return CV_OK;
}


void
cv_post_free(cv_post_t *post)
{
    curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->fields);

    post->easy = NULL;
    post->fields = NULL;
}


/* libcurl wants texts that end in NUL */

static bool
cv_post_add_field(cv_post_t *post, cv_str_t field)
{
    char               *text;
    struct curl_slist  *fields;

    text = strndup((const char *) field.data, field.len);

    if (text == NULL) {
        return false;
    }

    fields = curl_slist_append(post->fields, text);
    free(text);

    if (fields == NULL) {
        return false;
    }

    post->fields = fields;

    return true;
}


static CURLcode
cv_post_set_text(CURL *easy, CURLoption option, cv_str_t value)
{
    char      *text;
    CURLcode   code;

    text = strndup((const char *) value.data, value.len);

    if (text == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }

    code = curl_easy_setopt(easy, option, text);
    free(text);

    return code;
}


static bool
cv_post_set_fields(cv_post_t *post, const cv_post_request_t *request)
{
    size_t  i;

    curl_slist_free_all(post->fields);
    post->fields = NULL;

    for (i = 0; i < request->nfields; i++) {
        if (!cv_post_add_field(post, request->fields[i])) {
            return false;
        }
    }

    return curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, post->fields)
           == CURLE_OK;
}


cv_err_t
cv_post_ask(cv_post_t *post, const cv_post_request_t *request)
{
    CURLcode  code;

    post->private = request->private;
    post->special = NULL;
    post->said[0] = '\0';
    post->nfields = 0;
    post->nbody = 0;

    if (!cv_post_set_fields(post, request)) {
        return CV_ERR_NOMEM;
    }

    code = cv_post_set_text(post->easy, CURLOPT_URL, request->url);

    if (cv_present(request->body)) {
        cv_post_set(code, post->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                    (curl_off_t) request->body.len);
        cv_post_set(code, post->easy, CURLOPT_COPYPOSTFIELDS,
                    (const char *) request->body.data);

    } else {
        cv_post_set(code, post->easy, CURLOPT_HTTPGET, 1L);
    }

    if (code == CURLE_OK) {
        code = cv_post_set_text(post->easy, CURLOPT_CUSTOMREQUEST,
                                request->method);
    }

    return code == CURLE_OK ? CV_OK : CV_ERR_NOMEM;
}


static void
cv_post_answered(cv_post_t *post, long status, cv_sent_t *sent)
{
    curl_off_t   seconds;
    cv_reply_t   reply;

    reply = cv_reply((unsigned) status);
    seconds = 0;

    if (reply == CV_REPLY_DONE) {
        sent->how = CV_SENT_DONE;
        return;
    }

    if (curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &seconds)
        == CURLE_OK && seconds > 0)
    {
        sent->after = seconds < CV_RETRY_AFTER_MAX / CV_SECOND
                      ? seconds * CV_SECOND : CV_RETRY_AFTER_MAX;
    }

    cv_sent_set(sent, reply == CV_REPLY_GONE ? CV_SENT_GONE : CV_SENT_AGAIN,
                "answered %ld%s", status, status >= 300 && status < 400
                ? ", and redirects are not followed" : "");
}


void
cv_post_result(cv_post_t *post, CURLcode code, cv_sent_t *sent)
{
    long  status;

    status = 0;
    (void) curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);

    if (status >= 200 && status < 600) {
        sent->status = (unsigned) status;
        cv_post_answered(post, status, sent);
        return;
    }

    if (code != CURLE_OK && post->special != NULL) {
        cv_sent_set(sent, CV_SENT_AGAIN, "%s is %s, and such addresses are "
                    "not allowed", post->refused, post->special);
        return;
    }

    cv_sent_set(sent, CV_SENT_AGAIN, "%s",
                code == CURLE_OK ? "no answer of HTTP"
                : code == CURLE_LOGIN_DENIED
                ? "the URL has a user name or password in it"
                : post->said[0] != '\0' ? post->said
                                        : curl_easy_strerror(code));
}
