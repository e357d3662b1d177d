package triage_test

func ownerCases() []recorded     { return nil }
func containedCases() []recorded { return nil }
func restoredCases() []recorded  { return nil }
func parallelCases() []recorded  { return nil }
func processCases() []recorded   { return nil }
func serverCases() []recorded    { return nil }
func failureCases() []recorded   { return nil }
func outcomeCases() []recorded   { return nil }
func ginkgoCases() []recorded    { return nil }
func eventCases() []recorded     { return nil }
func runCases() []recorded       { return nil }
