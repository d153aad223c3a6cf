
/*
 * Copyright (C) The credverify authors
 */

#include "cv_mailbox.h"

#define CV_LOCAL_MAX   64
#define CV_DOMAIN_MAX  63       /* of a label */


static bool
cv_mailbox_alnum(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9');
}


/* atoms with dots between them (RFC 5321, 4.1.2, Dot-string) */

static bool
cv_mailbox_local(cv_str_t local)
{
    size_t   i;
    uint8_t  ch, before;

    before = '.';

    for (i = 0; i < local.len; i++) {
        ch = local.data[i];

        if (!cv_mailbox_alnum(ch)
            && (ch == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", ch) == NULL))
        {
            return false;
        }

        if (ch == '.' && before == '.') {
            return false;
        }

        before = ch;
    }

    return before != '.';
}


/* labels of letters, digits and hyphens (RFC 1123, 2.1) */

static bool
cv_mailbox_domain(cv_str_t domain)
{
    size_t   i, len;
    uint8_t  ch;

    len = 0;

    for (i = 0; i < domain.len; i++) {
        ch = domain.data[i];

        if (ch == '.') {
            if (len == 0 || len > CV_DOMAIN_MAX || domain.data[i - 1] == '-') {
                return false;
            }

            len = 0;
            continue;
        }

        if (!cv_mailbox_alnum(ch) && (ch != '-' || len == 0)) {
            return false;
        }

        len++;
    }

    return len > 0 && len <= CV_DOMAIN_MAX && domain.data[domain.len - 1] != '-';
}


cv_err_t
cv_mailbox_check(cv_str_t address, cv_error_t *error)
{
    size_t          i;
    const uint8_t  *at;

    for (i = 0; i < address.len; i++) {
        if (address.data[i] <= 0x20 || address.data[i] == 0x7f) {
            return cv_error_set(error, CV_ERR_INPUT, "the e-mail address has "
                                "a space or a control character in it");
        }

        if (address.data[i] > 0x7f) {
            return cv_error_set(error, CV_ERR_INPUT, "the e-mail address is "
                                "not ASCII");
        }
    }

    at = address.len == 0 ? NULL : memrchr(address.data, '@', address.len);

    if (at == NULL) {
        return cv_error_set(error, CV_ERR_INPUT, "the e-mail address has no "
                            "\"@\"");
    }

    i = (size_t) (at - address.data);

    if (address.len > CV_MAILBOX_MAX || i > CV_LOCAL_MAX) {
        return cv_error_set(error, CV_ERR_INPUT, "the e-mail address is too "
                            "long");
    }

    if (!cv_mailbox_local(cv_str(address.data, i))) {
        return cv_error_set(error, CV_ERR_INPUT, "what the e-mail address has "
                            "before its \"@\" is no name of a mailbox");
    }

    if (!cv_mailbox_domain(cv_str(at + 1, address.len - i - 1))) {
        return cv_error_set(error, CV_ERR_INPUT, "what the e-mail address has "
                            "behind its \"@\" is no domain name");
    }

    return CV_OK;
}
