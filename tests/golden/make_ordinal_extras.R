# Residuals with their standard errors and factor scores of models of ordinal items.
# usage: Rscript make_ordinal_extras.R > ordinal_extras.json     (in this folder; lavaan only: the JSON is written by hand)
suppressMessages(library(lavaan))
items <- c("ii1", "ii2", "ii3", "ec1", "ec2", "ec3", "ipt1", "ipt2", "ipt3")
structure_text <- "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3\nEC ~ II\nIPT ~ EC + II"
measured <- "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
mixed <- "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1_raw + ipt2_raw + ipt3_raw\nEC ~ II\nIPT ~ EC + II"
# id, model, data, options, whether residuals and whether scores are asked for. Scores of theta, of equal thresholds and of
# later groups are not compared: lavaan 0.6-14 does not take what the model implies there (see the tests).
cases <- list(
  list("delta", structure_text, "trust-ordinal", list(ordered = items), TRUE, TRUE),
  list("theta", structure_text, "trust-ordinal", list(ordered = items, parameterization = "theta"), TRUE, FALSE),
  list("uls", structure_text, "trust-ordinal", list(ordered = items, estimator = "ULSMV"), TRUE, FALSE),
  list("mimic", paste0(structure_text, "\nII ~ age"), "trust-ordinal-age", list(ordered = items), FALSE, TRUE),
  list("mixed", mixed, "trust-mixed", list(ordered = items[1:6]), FALSE, TRUE),
  list("groups", measured, "trust-ordinal", list(ordered = items, group = "clinic"), FALSE, TRUE)
)
number <- function(x) { x <- unname(unclass(x)); ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null") }
vector_json <- function(x) paste0("[", paste(number(as.vector(x)), collapse = ", "), "]")
matrix_json <- function(m) paste0("[", paste(apply(unclass(m), 1, vector_json), collapse = ", "), "]")
names_json <- function(x) paste0("[", paste0('"', x, '"', collapse = ", "), "]")
option_json <- function(x) if (length(x) > 1) names_json(x) else paste0('"', x, '"')
residual_json <- function(f) {
  r <- lavResiduals(f, type = "raw", se = TRUE, zstat = TRUE, output = "list", summary = FALSE)
  sprintf('{"cov": %s,\n    "cov_se": %s,\n    "thresholds": %s}', matrix_json(r$cov), matrix_json(r$cov.se), vector_json(r$th))
}
# lavaan gives the rows group after group
rows_json <- function(p) if (is.list(p)) paste0("[", paste(sapply(p, rows_json), collapse = ",\n    "), "]") else matrix_json(p[1:5, , drop = FALSE])
case_json <- function(case) {
  data <- read.csv(paste0("data/", case[[3]], ".csv"))
  f <- do.call("sem", c(list(model = case[[2]], data = data), case[[4]]))
  options <- case[[4]]
  out <- c(sprintf('"id": "%s"', case[[1]]), sprintf('"model": "%s"', gsub("\n", "\\\\n", case[[2]])),
    sprintf('"data": "data/%s.csv"', case[[3]]),
    sprintf('"options": {%s}', paste(sprintf('"%s": %s', names(options), sapply(options, option_json)), collapse = ", ")))
  if (case[[5]]) out <- c(out, sprintf('"residuals": %s', residual_json(f)))
  if (case[[6]]) {
    p <- lavPredict(f)
    out <- c(out, sprintf('"factors": %s', names_json(lavNames(f, "lv"))), sprintf('"ebm": %s', rows_json(p)))
  }
  paste0("  {", paste(out, collapse = ",\n   "), "}")
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_ordinal_extras.R"},\n"cases": [\n', paste(sapply(cases, case_json), collapse = ",\n"), '\n]}\n', sep = "")
