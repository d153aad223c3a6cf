
/*
 * Copyright (C) The credverify authors
 *
 * credverify class set and show: a class as a record, and its image
 */

#include "cv_bake.h"
#include "cv_cli.h"
#include "cv_image_check.h"

typedef struct {
    cv_line_t   line;
    cv_buf_t    image;      /* empty: the class shall have none */
} cmd_class_t;


/* The record, and what people are told of its image. */

static void
cmd_class_answer(cv_cli_t *cli, uint64_t iid, const void *record)
{
    cv_image_t  image;

    cv_answer_record_open(cli, CV_CLASS, record);

    if (cv_get_image(cli->txn, iid, &image)) {
        cv_answer_text(cli, "image_type",
                       cv_image_type_name(cv_image_type(image.data)));
        cv_answer_number(cli, "image_size", image.data.len);
    }

    cv_answer_close(cli);
}


/* Nobody waits for the store's lock while an image is read and looked at. */

static int
cmd_class_image(cv_cli_t *cli, cv_buf_t *image)
{
    int          rc;
    cv_error_t   error;
    const char  *name;

    name = cv_option(cli, "image-file");

    if (name == NULL || *name == '\0') {
        return CV_CLI_DONE;
    }

    rc = cv_file_read(cli, image, name);

    if (rc == CV_CLI_DONE
        && cv_image_check(cv_buf_str(image), &error) != CV_OK)
    {
        rc = cv_cli_fail(cli, "%s: %s", name, error.text);
    }

    return rc;
}


static int
cmd_class_set_body(cv_cli_t *cli)
{
    int           rc;
    uint64_t      iid;
    cv_image_t    image;
    cv_error_t    error;
    cmd_class_t  *work;

    work = cli->data;

    rc = cmd_record_put(cli, &work->line, &iid);
    if (rc != CV_CLI_DONE) {
        return rc;
    }

    if (work->image.len > 0) {
        memset(&image, 0, sizeof(cv_image_t));
        image.class.iid = iid;
        image.data = cv_buf_str(&work->image);

        (void) cv_put(cli->txn, CV_IMAGE, &image);

    } else if (cv_option(cli, "image-file") != NULL) {
        (void) cv_delete_image(cli->txn, iid);
    }

    if (cv_txn_err(cli->txn, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cmd_class_answer(cli, iid, &work->line.record);

    return CV_CLI_DONE;
}


int
cmd_class_set(cv_cli_t *cli)
{
    int           rc;
    cv_error_t    error;
    cmd_class_t   work;

    if (cv_line_init(&work.line, &error) != CV_OK) {
        return cv_cli_fail(cli, "%s", error.text);
    }

    cv_buf_init(&work.image, CV_IMAGE_MAX);

    rc = cmd_class_image(cli, &work.image);

    if (rc == CV_CLI_DONE) {
        cli->data = &work;
        rc = cv_cli_write(cli, cmd_class_set_body);
    }

    cv_buf_free(&work.image);
    cv_line_free(&work.line);

    return rc;
}


static int
cmd_class_show_body(cv_cli_t *cli)
{
    uint64_t    iid;
    cv_class_t  class;

    if (!cv_get_by_id(cli->txn, CV_CLASS, cv_str_z(cli->arguments[0]), &class,
                      &iid))
    {
        return cv_cli_unknown(cli, CV_CLASS, cli->arguments[0]);
    }

    cv_unresolve(cli->txn, CV_CLASS, &class);
    cmd_class_answer(cli, iid, &class);

    return CV_CLI_DONE;
}


int
cmd_class_show(cv_cli_t *cli)
{
    return cv_cli_read(cli, cmd_class_show_body);
}
