# HINTS 7 (half sample): the two communication models by ML on scored, complete rows.
# usage: python make_hints7_input.py SURVEY.csv SCORED.csv; Rscript make_hints7.R SCORED.csv MODEL.sem NAME > hints7-NAME.json
# The scored file is made from the survey and never stored in the project.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
model <- paste(sub("#.*", "", readLines(args[2])), collapse = "\n")
f <- sem(model, read.csv(args[1]))
pe <- parameterEstimates(f, standardized = TRUE)
number <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 12, format = "g"))
row <- function(i) sprintf('    {"lhs": "%s", "op": "%s", "rhs": "%s", "est": %s, "se": %s, "std_all": %s}',
  pe$lhs[i], pe$op[i], pe$rhs[i], number(pe$est[i]), number(pe$se[i]), number(pe$std.all[i]))
fm <- fitMeasures(f, c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "npar", "aic", "logl", "baseline.chisq"))
cat('{\n  "_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_hints7.R"},\n  "model": "', args[3], '",\n  "n_obs": ', lavInspect(f, "nobs"), ',\n', sep = "")
cat('  "estimates": [\n', paste(sapply(seq_len(nrow(pe)), row), collapse = ",\n"), '\n  ],\n', sep = "")
cat('  "fit_measures": {', paste(sprintf('"%s": %s', gsub("[.]", "_", names(fm)), number(fm)), collapse = ", "), '}\n}\n', sep = "")
