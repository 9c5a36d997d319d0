/* The tables of the Human Services Data Specification 3.0, as its data package
 * describes them. */
#include "server/import_table.h"

static const char *const statuses[] = {"active", "inactive", "defunct",
                                       "temporarily closed", NULL};
static const char *const places[] = {"physical", "postal", "virtual", NULL};
static const char *const weekdays[] = {"MO", "TU", "WE", "TH",
                                       "FR", "SA", "SU", NULL};
static const char *const frequencies[] = {"WEEKLY", "MONTHLY", NULL};

#define MUST true
#define MAY false
#define COLUMN(name, kind, required)                                           \
    {                                                                          \
        name, IMPORT_##kind, required, TABLE_NONE, NULL                        \
    }
#define CODE(name, required, codes)                                            \
    {                                                                          \
        name, IMPORT_TEXT, required, TABLE_NONE, codes                         \
    }
#define KEY(name, required, table)                                             \
    {                                                                          \
        name, IMPORT_ID, required, table, NULL                                 \
    }

static const struct import_column organization[] = {
    COLUMN("id", ID, MUST),
    COLUMN("name", TEXT, MUST),
    COLUMN("alternate_name", TEXT, MAY),
    COLUMN("description", TEXT, MUST),
    COLUMN("email", EMAIL, MAY),
    COLUMN("website", URI, MAY),
    COLUMN("tax_status", TEXT, MAY),
    COLUMN("tax_id", TEXT, MAY),
    COLUMN("year_incorporated", NUMBER, MAY),
    COLUMN("legal_status", TEXT, MAY),
    COLUMN("logo", TEXT, MAY),
    COLUMN("uri", URI, MAY),
    COLUMN("parent_organization_id", ID, MAY),
};

static const struct import_column program[] = {
    COLUMN("id", ID, MUST),
    KEY("organization_id", MUST, ORGANIZATION),
    COLUMN("name", TEXT, MUST),
    COLUMN("alternate_name", TEXT, MAY),
    COLUMN("description", TEXT, MUST),
};

static const struct import_column service[] = {
    COLUMN("id", ID, MUST),
    KEY("organization_id", MUST, ORGANIZATION),
    KEY("program_id", MAY, PROGRAM),
    COLUMN("name", TEXT, MUST),
    COLUMN("alternate_name", TEXT, MAY),
    COLUMN("description", TEXT, MAY),
    COLUMN("url", URI, MAY),
    COLUMN("email", EMAIL, MAY),
    CODE("status", MUST, statuses),
    COLUMN("interpretation_services", TEXT, MAY),
    COLUMN("application_process", TEXT, MAY),
    COLUMN("fees_description", TEXT, MAY),
    COLUMN("wait_time", TEXT, MAY),
    COLUMN("fees", TEXT, MAY),
    COLUMN("accreditations", TEXT, MAY),
    COLUMN("eligibility_description", TEXT, MAY),
    COLUMN("minimum_age", NUMBER, MAY),
    COLUMN("maximum_age", NUMBER, MAY),
    COLUMN("assured_date", DATE, MAY),
    COLUMN("assurer_email", EMAIL, MAY),
    COLUMN("licenses", TEXT, MAY),
    COLUMN("alert", TEXT, MAY),
    COLUMN("last_modified", INSTANT, MAY),
};

static const struct import_column attribute[] = {
    COLUMN("id", ID, MUST),
    COLUMN("link_id", ID, MUST),
    KEY("taxonomy_term_id", MUST, TAXONOMY_TERM),
    COLUMN("link_type", TEXT, MAY),
    COLUMN("link_entity", TEXT, MUST),
    COLUMN("value", TEXT, MAY),
};

static const struct import_column service_at_location[] = {
    COLUMN("id", ID, MUST),
    KEY("service_id", MUST, SERVICE),
    KEY("location_id", MUST, LOCATION),
    COLUMN("description", TEXT, MAY),
};

static const struct import_column location[] = {
    COLUMN("id", ID, MUST),
    CODE("location_type", MUST, places),
    COLUMN("url", URI, MAY),
    KEY("organization_id", MAY, ORGANIZATION),
    COLUMN("name", TEXT, MAY),
    COLUMN("alternate_name", TEXT, MAY),
    COLUMN("description", TEXT, MAY),
    COLUMN("transportation", TEXT, MAY),
    COLUMN("latitude", NUMBER, MAY),
    COLUMN("longitude", NUMBER, MAY),
    COLUMN("external_identifier", TEXT, MAY),
    COLUMN("external_identifier_type", TEXT, MAY),
};

static const struct import_column phone[] = {
    COLUMN("id", ID, MUST),
    KEY("location_id", MAY, LOCATION),
    KEY("service_id", MAY, SERVICE),
    KEY("organization_id", MAY, ORGANIZATION),
    KEY("contact_id", MAY, CONTACT),
    KEY("service_at_location_id", MAY, SERVICE_AT_LOCATION),
    COLUMN("number", TEXT, MUST),
    COLUMN("extension", NUMBER, MAY),
    COLUMN("type", TEXT, MAY),
    COLUMN("description", TEXT, MAY),
};

static const struct import_column contact[] = {
    COLUMN("id", ID, MUST),
    KEY("organization_id", MAY, ORGANIZATION),
    KEY("service_id", MAY, SERVICE),
    KEY("service_at_location_id", MAY, SERVICE_AT_LOCATION),
    KEY("location_id", MAY, LOCATION),
    COLUMN("name", TEXT, MAY),
    COLUMN("title", TEXT, MAY),
    COLUMN("department", TEXT, MAY),
    COLUMN("email", EMAIL, MAY),
};

static const struct import_column address[] = {
    COLUMN("id", ID, MUST),
    KEY("location_id", MAY, LOCATION),
    COLUMN("attention", TEXT, MAY),
    COLUMN("address_1", TEXT, MUST),
    COLUMN("address_2", TEXT, MAY),
    COLUMN("city", TEXT, MUST),
    COLUMN("region", TEXT, MAY),
    COLUMN("state_province", TEXT, MUST),
    COLUMN("postal_code", TEXT, MUST),
    COLUMN("country", TEXT, MUST),
    CODE("address_type", MUST, places),
};

static const struct import_column schedule[] = {
    COLUMN("id", ID, MUST),
    KEY("service_id", MAY, SERVICE),
    KEY("location_id", MAY, LOCATION),
    KEY("service_at_location_id", MAY, SERVICE_AT_LOCATION),
    COLUMN("valid_from", DATE, MAY),
    COLUMN("valid_to", DATE, MAY),
    COLUMN("dtstart", DATE, MAY),
    COLUMN("timezone", NUMBER, MAY),
    COLUMN("until", DATE, MAY),
    COLUMN("count", NUMBER, MAY),
    CODE("wkst", MAY, weekdays),
    CODE("freq", MAY, frequencies),
    COLUMN("interval", NUMBER, MAY),
    COLUMN("byday", TEXT, MAY),
    COLUMN("byweekno", TEXT, MAY),
    COLUMN("bymonthday", TEXT, MAY),
    COLUMN("byyearday", TEXT, MAY),
    COLUMN("description", TEXT, MAY),
    COLUMN("opens_at", TIME, MAY),
    COLUMN("closes_at", TIME, MAY),
    COLUMN("schedule_link", URI, MAY),
    COLUMN("attending_type", TEXT, MAY),
    COLUMN("notes", TEXT, MAY),
};

static const struct import_column funding[] = {
    COLUMN("id", ID, MUST),
    KEY("organization_id", MAY, ORGANIZATION),
    KEY("service_id", MAY, SERVICE),
    COLUMN("source", TEXT, MAY),
};

static const struct import_column service_area[] = {
    COLUMN("id", ID, MUST),      KEY("service_id", MAY, SERVICE),
    COLUMN("name", TEXT, MAY),   COLUMN("description", TEXT, MAY),
    COLUMN("extent", TEXT, MAY), COLUMN("extent_type", TEXT, MAY),
    COLUMN("uri", TEXT, MAY),
};

static const struct import_column required_document[] = {
    COLUMN("id", ID, MUST),
    KEY("service_id", MAY, SERVICE),
    COLUMN("document", TEXT, MAY),
    COLUMN("uri", URI, MAY),
};

static const struct import_column language[] = {
    COLUMN("id", ID, MUST),
    KEY("service_id", MAY, SERVICE),
    KEY("location_id", MAY, LOCATION),
    KEY("phone_id", MAY, PHONE),
    COLUMN("name", TEXT, MAY),
    COLUMN("code", TEXT, MAY),
    COLUMN("note", TEXT, MAY),
};

static const struct import_column accessibility[] = {
    COLUMN("id", ID, MUST),           KEY("location_id", MAY, LOCATION),
    COLUMN("description", TEXT, MAY), COLUMN("details", TEXT, MAY),
    COLUMN("url", URI, MAY),
};

static const struct import_column taxonomy_term[] = {
    COLUMN("id", ID, MUST),        COLUMN("code", TEXT, MAY),
    COLUMN("name", TEXT, MUST),    COLUMN("description", TEXT, MUST),
    COLUMN("parent_id", ID, MAY),  COLUMN("taxonomy", TEXT, MAY),
    COLUMN("language", TEXT, MAY), KEY("taxonomy_id", MAY, TAXONOMY),
    COLUMN("term_uri", URI, MAY),
};

static const struct import_column metadata[] = {
    COLUMN("id", ID, MUST),
    COLUMN("resource_id", ID, MUST),
    COLUMN("resource_type", TEXT, MUST),
    COLUMN("last_action_date", DATE, MUST),
    COLUMN("last_action_type", TEXT, MUST),
    COLUMN("field_name", TEXT, MUST),
    COLUMN("previous_value", TEXT, MUST),
    COLUMN("replacement_value", TEXT, MUST),
    COLUMN("updated_by", TEXT, MUST),
};

static const struct import_column meta_table_description[] = {
    COLUMN("id", ID, MUST),
    COLUMN("name", TEXT, MAY),
    COLUMN("language", TEXT, MAY),
    COLUMN("character_set", TEXT, MAY),
};

static const struct import_column cost_option[] = {
    COLUMN("id", ID, MUST),          KEY("service_id", MUST, SERVICE),
    COLUMN("valid_from", DATE, MAY), COLUMN("valid_to", DATE, MAY),
    COLUMN("option", TEXT, MAY),     COLUMN("currency", TEXT, MAY),
    COLUMN("amount", NUMBER, MAY),   COLUMN("amount_description", TEXT, MAY),
};

static const struct import_column organization_identifier[] = {
    COLUMN("id", ID, MUST),
    KEY("organization_id", MUST, ORGANIZATION),
    COLUMN("identifier_scheme", TEXT, MAY),
    COLUMN("identifier_type", TEXT, MUST),
    COLUMN("identifier", TEXT, MUST),
};

static const struct import_column taxonomy[] = {
    COLUMN("id", ID, MUST),
    COLUMN("name", TEXT, MUST),
    COLUMN("description", TEXT, MUST),
    COLUMN("uri", URI, MAY),
    COLUMN("version", TEXT, MAY),
};

struct definition {
    const char *name, *path;
    const struct import_column *columns;
    size_t count;
};

#define TABLE(columns) columns, sizeof(columns) / sizeof(columns)[0]
static const struct definition definitions[TABLE_COUNT] = {
    [ORGANIZATION] = {"organization", "organizations.csv", TABLE(organization)},
    [PROGRAM] = {"program", "programs.csv", TABLE(program)},
    [SERVICE] = {"service", "services.csv", TABLE(service)},
    [ATTRIBUTE] = {"attribute", "attributes.csv", TABLE(attribute)},
    [SERVICE_AT_LOCATION] = {"service_at_location", "service_at_location.csv",
                             TABLE(service_at_location)},
    [LOCATION] = {"location", "locations.csv", TABLE(location)},
    [PHONE] = {"phone", "phones.csv", TABLE(phone)},
    [CONTACT] = {"contact", "contacts.csv", TABLE(contact)},
    [ADDRESS] = {"address", "addresses.csv", TABLE(address)},
    [SCHEDULE] = {"schedule", "schedules.csv", TABLE(schedule)},
    [FUNDING] = {"funding", "funding.csv", TABLE(funding)},
    [SERVICE_AREA] = {"service_area", "service_areas.csv", TABLE(service_area)},
    [REQUIRED_DOCUMENT] = {"required_document", "required_documents.csv",
                           TABLE(required_document)},
    [LANGUAGE] = {"language", "languages.csv", TABLE(language)},
    [ACCESSIBILITY] = {"accessibility", "accessibility.csv",
                       TABLE(accessibility)},
    [TAXONOMY_TERM] = {"taxonomy_term", "taxonomy_terms.csv",
                       TABLE(taxonomy_term)},
    [METADATA] = {"metadata", "metadata.csv", TABLE(metadata)},
    [META_TABLE_DESCRIPTION] = {"meta_table_description",
                                "meta_table_descriptions.csv",
                                TABLE(meta_table_description)},
    [COST_OPTION] = {"cost_option", "cost_options.csv", TABLE(cost_option)},
    [ORGANIZATION_IDENTIFIER] = {"organization_identifier",
                                 "organization_identifiers.csv",
                                 TABLE(organization_identifier)},
    [TAXONOMY] = {"taxonomy", "taxonomies.csv", TABLE(taxonomy)},
};

void import_table_init(struct import_table *table, enum import_table_id id)
{
    const struct definition *from = &definitions[id];
    *table = (struct import_table){
        .name = from->name, .path = from->path, .count = from->count};
    for (size_t i = 0; i < from->count; i++)
        table->columns[i] = from->columns[i];
}
