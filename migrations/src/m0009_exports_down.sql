DROP TABLE service_secrets;
DROP TABLE export_parts;
DROP TABLE exports;
