# HINTS 7 (half sample): ordinal models by WLSMV on scored, complete rows.
# usage: python make_hints7_input.py SURVEY.csv SCORED.csv
#        Rscript make_hints7_ordinal.R SCORED.csv MODEL.sem PARAMETERIZATION NAME > hints7_NAME.json
# MODEL.sem may be - for one factor of the seven communication items. The scored file is never stored in the project.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
one_factor <- "communication =~ ChanceAskQuestions + FeelingsAddressed + InvolvedDecisions + UnderstoodNextSteps +
  ExplainedClearly + SpentEnoughTime + HelpUncertainty"
model <- if (args[2] == "-") one_factor else paste(sub("#.*", "", readLines(args[2])), collapse = "\n")
scored <- read.csv(args[1])
items <- setdiff(unique(unlist(lavaanify(model)[c("lhs", "rhs")])), "")
items <- intersect(names(scored), items)
f <- sem(model, scored, ordered = items, parameterization = args[3], estimator = "WLSMV")
stopifnot(lavInspect(f, "converged"))
pe <- parameterEstimates(f, standardized = TRUE)
number <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 12, format = "g"))
row <- function(i) sprintf('    {"lhs": "%s", "op": "%s", "rhs": "%s", "est": %s, "se": %s, "std_all": %s}',
  pe$lhs[i], pe$op[i], pe$rhs[i], number(pe$est[i]), number(pe$se[i]), number(pe$std.all[i]))
fm <- fitMeasures(f, c("chisq", "df", "chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor", "cfi.scaled", "tli.scaled",
  "rmsea.scaled", "srmr", "npar", "baseline.chisq", "baseline.chisq.scaled", "cfi.robust", "rmsea.robust"))
cat('{\n  "_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_hints7_ordinal.R", "parameterization": "', args[3], '"},\n  "model": "', args[4], '",\n  "n_obs": ',
  lavInspect(f, "nobs"), ',\n  "fmin": ', number(fitMeasures(f, "fmin")), ',\n', sep = "")
cat('  "estimates": [\n', paste(sapply(seq_len(nrow(pe)), row), collapse = ",\n"), '\n  ],\n', sep = "")
cat('  "fit_measures": {', paste(sprintf('"%s": %s', gsub("[.]", "_", names(fm)), number(fm)), collapse = ", "), '}\n}\n', sep = "")
