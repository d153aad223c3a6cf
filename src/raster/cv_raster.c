
/*
 * Copyright (C) The credverify authors
 */

#include "cv_raster.h"

#include <cairo.h>
#include <librsvg/rsvg.h>
#include <stdio.h>

/* what a CSS pixel is to lengths in other units (CSS Values 4, 6.2) */
#define CV_RASTER_DPI  96


typedef struct {
    cv_raster_write_pt   write;
    void                *to;
} cv_raster_target_t;


static cv_err_t
cv_raster_fail(cv_error_t *error, cv_err_t code, const char *text)
{
    if (error != NULL) {
        error->code = code;
        error->member = NULL;

        (void) snprintf(error->text, sizeof(error->text), "%.*s",
                        (int) strcspn(text, "\r\n"), text);
    }

    return code;
}


static cv_err_t
cv_raster_status(cv_error_t *error, cairo_status_t status)
{
    switch (status) {

    case CAIRO_STATUS_SUCCESS:
        return CV_OK;

    case CAIRO_STATUS_NO_MEMORY:
        return cv_raster_fail(error, CV_ERR_NOMEM, "out of memory");

    case CAIRO_STATUS_WRITE_ERROR:
        return cv_raster_fail(error, CV_ERR_LIMIT, "the picture is too large");

    default:
        return cv_raster_fail(error, CV_ERR_LIMIT,
                              cairo_status_to_string(status));
    }
}


static cairo_status_t
cv_raster_write(void *closure, const unsigned char *data, unsigned int len)
{
    cv_raster_target_t  *target = closure;

    return target->write(target->to, data, len) ? CAIRO_STATUS_SUCCESS
                                                : CAIRO_STATUS_WRITE_ERROR;
}


static cv_err_t
cv_raster_draw(RsvgHandle *svg, cairo_surface_t *surface, cv_error_t *error)
{
    bool            drawn;
    cairo_t        *cr;
    cv_err_t        err;
    GError         *wrong;
    RsvgRectangle   all;

    all = (RsvgRectangle) { 0, 0, cairo_image_surface_get_width(surface),
                            cairo_image_surface_get_height(surface) };
    wrong = NULL;
    cr = cairo_create(surface);
    drawn = rsvg_handle_render_document(svg, cr, &all, &wrong);

    err = cv_raster_status(error, cairo_status(cr));

    if (err == CV_OK && !drawn) {
        err = cv_raster_fail(error, CV_ERR_LIMIT, wrong->message);
    }

    g_clear_error(&wrong);
    cairo_destroy(cr);

    return err;
}


cv_err_t
cv_raster(cv_str_t svg, unsigned width, unsigned height,
    cv_raster_write_pt write, void *to, cv_error_t *error)
{
    cv_err_t             err;
    GError              *wrong;
    RsvgHandle          *handle;
    cairo_surface_t     *surface;
    cv_raster_target_t   target;

    if (svg.len > CV_RASTER_SVG_MAX) {
        return cv_raster_fail(error, CV_ERR_LIMIT, "the SVG is too long");
    }

    if (width == 0 || width > CV_RASTER_SIDE_MAX
        || height == 0 || height > CV_RASTER_SIDE_MAX)
    {
        return cv_raster_fail(error, CV_ERR_LIMIT, "no such size");
    }

    /* no base address: nothing can be relative to it, and else nothing loads */

    wrong = NULL;
    handle = rsvg_handle_new_from_data(svg.data, svg.len, &wrong);

    if (handle == NULL) {
        err = cv_raster_fail(error, CV_ERR_INPUT, wrong->message);
        g_error_free(wrong);
        return err;
    }

    rsvg_handle_set_dpi(handle, CV_RASTER_DPI);

    surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int) width,
                                         (int) height);
    err = cv_raster_status(error, cairo_surface_status(surface));

    if (err == CV_OK) {
        err = cv_raster_draw(handle, surface, error);
    }

    if (err == CV_OK) {
        target = (cv_raster_target_t) { write, to };
        err = cv_raster_status(error,
                               cairo_surface_write_to_png_stream(surface,
                                                        cv_raster_write,
                                                        &target));
    }

    cairo_surface_destroy(surface);
    g_object_unref(handle);

    return err;
}
