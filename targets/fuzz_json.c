/* Target functions: json_read, jt_layout_read, jt_layout_write, jt_layout_name, jt_layout_parse.
 *
 * Relations: the values inside an array or object fill its span without a gap, and a text ends in
 * its only 0; an accepted layout passes jh_layout_check and is safe for every later stage; written
 * and read again it is the same; a refusal is a usage error with a sentence. */
#include "learn/json_read.h"
#include "ask_heap.h"
#include "count_memory.h"
#include "open/open.h"

#define HEAP_AT 0x10000
#define MORE_ONE_IN 8

static void check_value(const struct json_value *value) {
    bool object = value->kind == JSON_OBJECT;
    const struct json_value *inside = value + 1;
    FUZZ_CHECK(value->kind != JSON_TEXT || strlen(value->text) == value->len);
    for (uint32_t i = 0; i < value->count; i++) {
        FUZZ_CHECK(!object || (inside->kind == JSON_TEXT && json_member(value, inside->text)));
        inside += object;
        check_value(inside);
        inside = json_next(inside);
    }
    FUZZ_CHECK(inside == json_next(value));
}

static void check_values(const char *text, size_t size) {
    size_t wrong;
    struct json_value *top = json_read(text, size, &wrong);
    FUZZ_CHECK(top || wrong <= size);
    if (top) {
        check_value(top);
        free(top);
    }
}

static char *written(const struct jh_layout *layout, size_t *len) {
    char *text = NULL;
    FILE *file = open_memstream(&text, len);
    if (!file) {
        abort();
    }
    jt_layout_write(layout, file);
    FUZZ_CHECK(fclose(file) == 0);
    return text;
}

static void check_way_back(const struct jh_layout *layout) {
    struct jh_layout again;
    char error[JT_TEXT_MAX] = "", name[128];
    size_t len, len_again;
    char *text = written(layout, &len);
    if (jt_layout_read(text, len, &again, error) != JT_OK) {
        fprintf(stderr, "%s\n%s\n", error, text);
        abort();
    }
    char *text_again = written(&again, &len_again);
    FUZZ_CHECK(len == len_again && memcmp(text, text_again, len) == 0);
    FUZZ_CHECK(jh_layout_check(&again, NULL) == JH_OK);
    free(text);
    free(text_again);
    jt_layout_name(&layout->build, name, sizeof(name));
    FUZZ_CHECK(jt_layout_parse(name, &again, error) == JT_OK);
}

/* A heap whose memory is the input's bytes. */
static void look(const struct jh_layout *layout, const uint8_t *data, size_t size) {
    struct jh_segment segment = {HEAP_AT, data, size};
    struct jh_image image = {.segment = &segment, .count = 1};
    struct jh_reader reader;
    uint8_t head[JH_EXTENT_HEAD_MAX] = {0};
    memcpy(head, data, size < sizeof(head) ? size : sizeof(head));
    fuzz_ask_pure(layout, head);
    FUZZ_CHECK(jh_image_reader(&image, &reader, NULL) == JH_OK);
    fuzz_ask_heap(&reader, layout, HEAP_AT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct jh_layout layout;
    char error[JT_TEXT_MAX] = "";
    fuzz_memory_start();
    enum jt_status status = jt_layout_read((const char *)data, size, &layout, error);
    fuzz_memory_check(size);
    bool more = fuzz_one_in(MORE_ONE_IN, data, size);
    if (more) {
        check_values((const char *)data, size);
    }
    if (status != JT_OK) {
        FUZZ_CHECK(status == JT_USAGE && error[0]);
        FUZZ_CHECK(jt_layout_read((const char *)data, size, &layout, NULL) == JT_USAGE);
        return 0;
    }
    FUZZ_CHECK(jh_layout_check(&layout, NULL) == JH_OK);
    if (more) {
        check_way_back(&layout);
        look(&layout, data, size);
    }
    return 0;
}
