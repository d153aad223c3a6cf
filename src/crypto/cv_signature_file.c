
/*
 * Copyright (C) The credverify authors
 *
 * Keys in files.
 */

#include "cv_signature.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#define CV_SIGNATURE_OTHERS  (S_IRGRP|S_IWGRP|S_IROTH|S_IWOTH)


static cv_err_t
cv_signature_errno(const char *path, cv_error_t *error)
{
    int  err;

    err = errno;

    return cv_error_set(error, err == EACCES || err == EPERM ? CV_ERR_ACCESS
                                                             : CV_ERR_IO,
                        "%s: %s", path, strerror(err));
}


/* All of it, if it has room; false with errno. */

static bool
cv_signature_fill(int fd, uint8_t *text, size_t size, size_t *len)
{
    ssize_t  n;

    *len = 0;

    do {
        n = read(fd, text + *len, size - *len);

        if (n > 0) {
            *len += (size_t) n;
        }

    } while ((n > 0 && *len < size) || (n == -1 && errno == EINTR));

    return n != -1;
}


/* A key of an open file. The mode is of what was opened, not of a name. */

static cv_err_t
cv_signature_key_of(cv_signature_key_t **key, int fd, const char *path,
    cv_error_t *error)
{
    size_t       len;
    uint8_t      text[CV_SIGNATURE_PEM_MAX + 1];
    cv_err_t     err;
    cv_error_t   why;
    struct stat  st;

    if (fstat(fd, &st) != 0) {
        return cv_signature_errno(path, error);
    }

    if (!S_ISREG(st.st_mode)) {
        return cv_error_set(error, CV_ERR_INPUT, "%s: not a regular file",
                            path);
    }

    err = cv_signature_fill(fd, text, sizeof(text), &len)
          ? CV_OK : cv_signature_errno(path, error);

    if (err == CV_OK) {
        err = cv_signature_key_read(key, cv_str(text, len), &why);

        if (err != CV_OK) {
            (void) cv_error_set(error, err, "%s: %s", path, why.text);
        }
    }

    OPENSSL_cleanse(text, sizeof(text));

    if (err == CV_OK && cv_signature_key_is_private(*key)
        && (st.st_mode & CV_SIGNATURE_OTHERS) != 0)
    {
        cv_signature_key_free(*key);
        *key = NULL;

        return cv_error_set(error, CV_ERR_ACCESS, "%s: others than its owner "
                            "may read or write a private key, its mode is "
                            "%04o: run \"chmod 600 %s\"", path,
                            st.st_mode & 07777, path);
    }

    return err;
}


cv_err_t
cv_signature_key_load(cv_signature_key_t **key, const char *path,
    cv_error_t *error)
{
    int       fd;
    cv_err_t  err;

    /* a pipe would be waited for */

    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd == -1) {
        return cv_signature_errno(path, error);
    }

    err = cv_signature_key_of(key, fd, path, error);

    (void) close(fd);

    return err;
}
