"""The engine runs BPMN diagrams for decades: nothing acknowledged is lost, and a pass costs the same in year forty as in year one."""
